import { TransportError, type Transport } from 'rollcall/okta';
import type { SimulatedOrg } from 'rollcall/simulator';

/** A transport that asks a simulated org directly, so that a run needs no real input or output. */
export function transportTo(org: SimulatedOrg, sleep: (ms: number) => Promise<void>): Transport {
  return async ({ method, url, headers, body, signal }) => {
    if (signal?.aborted) throw new TransportError('aborted', false);
    const { pathname, search } = new URL(url);
    const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body ?? '')) } : {};
    const reply = org.handle({ method, path: pathname + search, headers: { ...headers, ...length }, body });
    if (reply.kind === 'refused') throw new TransportError('ECONNREFUSED', false);
    if (reply.delayMs > 0) await sleep(reply.delayMs);
    if (reply.kind === 'reset' || reply.cut) throw new TransportError('ECONNRESET', true);
    return { status: reply.status, headers: reply.headers, body: reply.body };
  };
}
