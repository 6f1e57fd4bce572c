import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Flow } from '../../src/flow/flow.js';
import { openFiles } from '../support/open-files.js';

/** Everything a flow gives, and, when it fails, what came before and how it failed. */
export async function drain<T>(
  flow: Flow<T>,
): Promise<{ records: T[]; lines: (number | undefined)[]; files: Set<unknown>; error: unknown }> {
  const records: T[] = [];
  const lines: (number | undefined)[] = [];
  const files = new Set<unknown>();
  try {
    for await (const chunk of flow.chunks()) {
      const places = chunk.places;
      files.add(places?.file);
      records.push(...chunk);
      for (let i = 0; i < chunk.length; i++) lines.push(places?.lines?.[i]);
    }
  } catch (error) {
    return { records, lines, files, error };
  }
  return { records, lines, files, error: undefined };
}

/** Bytes cut at the given places, which may lie anywhere. */
export function cut(text: string | Uint8Array, borders: readonly number[]): Uint8Array[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const at = [...new Set(borders.map((border) => border % (bytes.length + 1)))].sort((a, b) => a - b);
  const ends = [...at, bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

/** Every byte a chunk of its own. */
export function bytewise(text: string): Uint8Array[] {
  return [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
}

/** Borders for {@link cut}. */
export const borders = fc.array(fc.nat(100_000), { maxLength: 30 });

/** A directory for one test file, and how to remove it. */
export function scratch(): { path(name: string): string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
  return {
    path: (name) => join(directory, name),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** How many descriptors of this process point to a file (Linux; elsewhere 0). */
export function openHandles(path: string): number {
  return openFiles((open) => open === path);
}
