import { expect } from 'vitest';
import type { Change } from '../../src/core/model.js';
import type { Capacity } from '../../src/batch/profile-packer.js';
import { ProfilePacker } from '../../src/batch/profile-packer.js';
import { CAPACITY } from './sizes.js';

/** A change that takes so many bytes. */
export const changeOf = (size: number, i: number) =>
  ({ key: `u${i}`, item: 'x'.repeat(size) }) as unknown as Change;

export interface PackOptions {
  readonly capacity?: Capacity;
  readonly lookahead?: number;
  /** Whether the packer is told of what is to come. */
  readonly told?: boolean;
}

/** What packing came to. */
export interface Packed {
  /** The sizes that each request carries, as they stand in it. */
  readonly requests: readonly (readonly number[])[];
  /** Keys, in the order in which they were sent. */
  readonly sent: readonly string[];
  /** Entries that waited at once, at most. */
  readonly waited: number;
}

/** Packs changes of these sizes; checks that every one is sent once, and no request breaks a limit. */
export function pack(
  sizes: readonly number[],
  { capacity = CAPACITY, lookahead = 1000, told = true }: PackOptions = {},
): Packed {
  const packer = new ProfilePacker(capacity, lookahead);
  const requests: number[][] = [];
  const sent: string[] = [];
  const take = () => {
    const changes = packer.take();
    requests.push(changes.map(({ item }) => item.length));
    sent.push(...changes.map(({ key }) => key));
  };
  if (told) packer.expect({ count: sizes.length, bytes: sizes.reduce((sum, size) => sum + size + 1, 0) });
  let waited = 0;
  for (const [i, size] of sizes.entries()) {
    packer.add(changeOf(size, i), size + 1);
    waited = Math.max(waited, packer.size);
    if (packer.ready) take();
  }
  while (packer.size > 0) take();
  for (const request of requests) {
    expect(request.length).toBeGreaterThan(0);
    expect(request.length).toBeLessThanOrEqual(capacity.items);
    expect(request.reduce((sum, size) => sum + size + 1, -1)).toBeLessThanOrEqual(capacity.bytes);
  }
  expect([...sent].sort()).toEqual(sizes.map((_, i) => `u${i}`).sort());
  return { requests, sent, waited };
}
