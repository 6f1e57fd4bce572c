import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unguarded } from '../../src/guard/guard.js';
import { makeBatch } from '../../src/okta/bulk-body.js';
import type { Batch, Change } from '../../src/core/model.js';
import { batch, type BatchOptions } from '../../src/batch/batch.js';
import { pipe } from '../../src/flow/pipe.js';
import { anyChanges, membershipChange, profileChange } from '../support/changes.js';
import { runs } from '../support/runs.js';

async function pack(
  changes: AsyncIterable<Change> | Iterable<Change>,
  options?: BatchOptions,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const packed of pipe(changes, unguarded(), batch(options))) batches.push(packed);
  return batches;
}

const small: BatchOptions = { maxItems: 7, maxBytes: 1500, lookahead: 10 };
const fitting = (changes: readonly Change[], maxBytes: number) =>
  changes.filter((change) => makeBatch(change.entity, change.kind, [change]).bytes <= maxBytes);
const name = (change: Change) => `${change.entity} ${change.kind} ${change.key}`;

/** What a body says, as the service would read it. */
function decoded(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ entity, kind, body }) => {
    const parsed = JSON.parse(body) as {
      profiles?: { externalId: string }[];
      externalIds?: string[];
      memberships?: { groupExternalId: string; memberExternalIds: string[] }[];
    };
    const keys =
      parsed.memberships?.flatMap((m) =>
        m.memberExternalIds.map((id) => `${m.groupExternalId.length}:${m.groupExternalId}${id}`),
      ) ??
      parsed.externalIds ??
      parsed.profiles?.map((profile) => profile.externalId) ??
      [];
    return keys.map((key) => `${entity} ${kind} ${key}`);
  });
}

describe('batching', () => {
  it('every change is in exactly one request, whatever the order and sizes', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), async (all) => {
        const changes = fitting(all, 1500);
        const batches = await pack(changes, small);
        expect(decoded(batches).sort()).toEqual(changes.map(name).sort());
      }),
    );
  });

  it('no request breaks a limit, measured on the bytes as sent', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), async (all) => {
        for (const { items, bytes, body } of await pack(fitting(all, 1500), small)) {
          expect(items).toBeLessThanOrEqual(7);
          expect(bytes).toBeLessThanOrEqual(1500);
          expect(Buffer.byteLength(body)).toBe(bytes);
        }
      }),
    );
  });

  it("the limits are Okta's: 200 items and 200,000 bytes", async () => {
    const many = Array.from({ length: 450 }, (_, i) => profileChange('users', 'upsert', `u${i}`, 'x'));
    expect((await pack(many)).map(({ items }) => items).sort()).toEqual([200, 200, 50].sort());
    const one = (note: number) => profileChange('users', 'upsert', 'large', 'x'.repeat(note));
    const frame = makeBatch('users', 'upsert', [one(0)]).bytes;
    const [largest] = await pack([one(200_000 - frame)]);
    expect(largest?.bytes).toBe(200_000);
    await expect(pack([one(200_001 - frame)])).rejects.toMatchObject({ code: 'ERR_ROLLCALL_RECORD' });
  });

  it('a request holds one kind of change of one entity', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), async (changes) => {
        for (const { entity, kind, changes: inside } of await pack(changes)) {
          expect(inside.every((change) => change.entity === entity && change.kind === kind)).toBe(true);
        }
      }),
    );
  });

  it('no two neighbouring requests of a kind could have been one', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), async (all) => {
        const batches = await pack(fitting(all, 1500), small);
        for (let i = 1; i < batches.length; i++) {
          const [a, b] = [batches[i - 1] as Batch, batches[i] as Batch];
          if (a.entity !== b.entity || a.kind !== b.kind || a.dependent !== b.dependent) continue;
          const joined = makeBatch(a.entity, a.kind, [...a.changes, ...b.changes]);
          expect(joined.items > 7 || joined.bytes > 1500).toBe(true);
        }
      }),
    );
  });

  it('no two neighbouring requests could have been one: members of groups in turn, which once took two', async () => {
    const changes = Array.from({ length: 8 }, (_, i) =>
      membershipChange('delete', `group ${i % 3}`, `member ${i} `),
    );
    expect(await pack(changes, small)).toHaveLength(1);
  });

  it("a group's members are one entry of a request", async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), async (changes) => {
        for (const { entity, body } of await pack(changes)) {
          if (entity !== 'memberships') continue;
          const { memberships } = JSON.parse(body) as { memberships: { groupExternalId: string }[] };
          expect(new Set(memberships.map((m) => m.groupExternalId)).size).toBe(memberships.length);
        }
      }),
    );
  });

  it('chunk borders in the input change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyChanges(),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        async (all, sizes) => {
          const changes = fitting(all, 1500);
          async function* inPieces() {
            let at = 0;
            for (let i = 0; at < changes.length; i++) {
              const size = sizes[i % sizes.length] ?? 1;
              if (i % 3 === 0) await Promise.resolve();
              yield* changes.slice(at, at + size);
              at += size;
            }
          }
          const bodies = (batches: readonly Batch[]) => batches.map((b) => b.body);
          expect(bodies(await pack(inPieces(), small))).toEqual(bodies(await pack(changes, small)));
        },
      ),
    );
  });

  it('fast and slow consumers get the same requests', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges(), fc.array(fc.nat(3)), async (all, delays) => {
        const changes = fitting(all, 1500);
        const slow: string[] = [];
        let i = 0;
        for await (const packed of pipe(changes, unguarded(), batch(small))) {
          for (let turn = 0; turn < (delays[i % (delays.length || 1)] ?? 0); turn++)
            await new Promise(setImmediate);
          slow.push(packed.body);
          i++;
        }
        expect(slow).toEqual((await pack(changes, small)).map((b) => b.body));
      }),
      { numRuns: runs(50) },
    );
  });

  it('an early exit closes the source', async () => {
    let closed = false;
    async function* source() {
      try {
        for (let i = 0; ; i++) {
          yield profileChange('users', 'upsert', `u${i}`, 'x');
          if (i % 1000 === 0) await Promise.resolve();
        }
      } finally {
        closed = true;
      }
    }
    for await (const _ of pipe(source(), unguarded(), batch())) break;
    expect(closed).toBe(true);
  });

  it('nothing is read ahead of what the look-ahead needs', async () => {
    let read = 0;
    function* source() {
      for (;;) {
        read++;
        yield profileChange('users', 'upsert', `u${read}`, 'x');
      }
    }
    for await (const _ of pipe(source(), unguarded(), batch({ lookahead: 300 }))) break;
    expect(read).toBeLessThanOrEqual(1024);
  });

  it('a change that can never fit is told, not dropped', async () => {
    const change = profileChange('users', 'upsert', 'huge', 'x'.repeat(300_000));
    await expect(pack([change])).rejects.toMatchObject({ code: 'ERR_ROLLCALL_RECORD' });
  });

  it('free memberships do not wait for the dependent ones that follow', async () => {
    const batches = await pack([
      membershipChange('upsert', 'g', 'a'),
      membershipChange('upsert', 'g', 'b', true),
    ]);
    expect(batches.map((b) => [b.items, b.changes.length, b.dependent])).toEqual([
      [1, 1, false],
      [1, 1, true],
    ]);
  });
});
