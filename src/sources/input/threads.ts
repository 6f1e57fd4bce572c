import { availableParallelism } from 'node:os';
import { requireNumber } from '../../core/check-options.js';
import type { ByteReader } from './byte-reader.js';

/** The least size in bytes for threads: a smaller file is read before a thread has started. */
const LEAST_BYTES = 32 * 1024 * 1024;
/** The most threads: more of them would wait for the thread that reads. */
const MOST_THREADS = 2;

/** The option, checked. */
export function requireThreads(threads: number | undefined): number | undefined {
  if (threads === undefined) return undefined;
  return requireNumber('threads', threads, { min: 0, max: 16, integer: true });
}

/** The number of threads that look for unchanged rows of an input. */
export function threadsFor({ size = 0 }: ByteReader, asked: number | undefined): number {
  return asked ?? threadsForSize(size);
}

/** The number of threads for an input of this size, in addition to the thread that reads it, which also looks for unchanged rows. */
export function threadsForSize(size: number): number {
  const processors = availableParallelism();
  return size < LEAST_BYTES ? 0 : Math.min(processors - 1, MOST_THREADS);
}
