/** The rows of a CSV file behind an HTTP address. */
import { fromCsv, SourceError, type CsvRow } from 'rollcall';

export function rowsOf(address: string, signal: AbortSignal): AsyncIterable<CsvRow> {
  // What follows the path may be a secret, as in presigned addresses.
  const { origin, pathname } = new URL(address);
  const name = `${origin}${pathname}`;
  return fromCsv(bytesOf(address, name, signal), { name });
}

async function* bytesOf(address: string, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { ok, status, headers, body } = await fetch(address, { signal });
  if (!ok || body === null) throw new SourceError(`the server answered ${status}`, { file: name });
  // Whoever is missing from the file is deactivated. Without one of these headers, the end of a broken connection would look like that
  // of the file.
  if (!headers.has('content-length') && !headers.has('transfer-encoding'))
    throw new SourceError('the server does not say how long the file is', { file: name });
  yield* body as unknown as AsyncIterable<Uint8Array>;
}
