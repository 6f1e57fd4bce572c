import { availableParallelism } from 'node:os';
import { requireNumber } from '../../core/check-options.js';
import type { ByteReader } from './input.js';

/** Smaller files are read before a thread has started. */
const LEAST_BYTES = 32 * 1024 * 1024;
/** More threads would wait for the one that reads. */
const MOST_THREADS = 2;

/** The option, checked. */
export function requireThreads(threads: number | undefined): number | undefined {
  if (threads === undefined) return undefined;
  return requireNumber('threads', threads, { min: 0, max: 16, integer: true });
}

/** Threads that look for unchanged rows of an input. */
export function threadsFor({ size = 0 }: ByteReader, asked: number | undefined): number {
  return asked ?? threadsForSize(size);
}

/** Threads that an input of so many bytes is worth, besides the one that reads it, which does its part. */
export function threadsForSize(size: number): number {
  const processors = availableParallelism();
  return size < LEAST_BYTES ? 0 : Math.min(processors - 1, MOST_THREADS);
}
