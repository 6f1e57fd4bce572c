import { readFileSync } from 'node:fs';

const INTERVAL_MS = 10;

/**
 * Watches the private memory of a process: `RssAnon` and `RssShmem` of the system. Pages of a file that is mapped are
 * not counted: they are the system's, which takes them back when it needs them. Call the result when the process has
 * ended: it returns the peak in MB of 1,000,000 bytes; undefined where the system does not tell it.
 */
export function watchPrivateMemory(pid: number | undefined): () => number | undefined {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, privateBytes(pid) ?? 0);
  };
  const timer = setInterval(look, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    return peak === 0 ? undefined : peak / 1e6;
  };
}

/** Private bytes of a process now; undefined where the system does not tell them. */
export function privateBytes(pid: number | 'self' | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = ['RssAnon', 'RssShmem'].map((name) =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]),
    );
    const sum = kilobytes.reduce((total, count) => total + count, 0);
    return Number.isNaN(sum) ? undefined : sum * 1024;
  } catch {
    return undefined;
  }
}
