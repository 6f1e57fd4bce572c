import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LEAST_ROWS } from '../../../src/state/lmdb/digest-cache.js';
import { EntityRows } from '../../../src/state/lmdb/entity-rows.js';
import { openState } from '../../../src/state/lmdb/open-state.js';
import { Seen, type AdoptedRow, type Held, type Reading, type StateStore } from '../../../src/state/store.js';
import { confirmed, digests, fingerprint, gone, unknown } from '../../support/rows.js';
import { runs } from '../../support/runs.js';

/** Three blocks, the last of which is not full. */
const ROWS = LEAST_ROWS + 4000;
const keyOf = (i: number) => `k${String(i).padStart(6, '0')}`;
/** Each version of a user has its own login. They begin differently, as fingerprints do. */
const loginOf = (key: string, version = 0) =>
  [...Buffer.from(`${key}${version}`).toString('latin1')].reverse().join('').padEnd(10, '.');
const of = (key: string, version = 0) =>
  fingerprint(`${version}:${key}`.padEnd(16, '.'), `attr${loginOf(key, version)}`);
const user = (key: string, version = 0) => confirmed('users', key, of(key, version));

const root = mkdtempSync(join(tmpdir(), 'rollcall-cache-'));
const base = join(root, 'base');
let copies = 0;
/** A copy of the state with {@link ROWS} users and its cache. */
function copyOfBase(): { directory: string; cache: string } {
  const directory = join(root, String(++copies));
  cpSync(base, directory, { recursive: true });
  return { directory, cache: join(directory, 'digests-users.cache') };
}

beforeAll(async () => {
  const state = await openState(base);
  await state.adopt(Array.from({ length: ROWS }, (_, i) => user(keyOf(i))));
  await state.close();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const compare = async (reading: Reading, rows: readonly (readonly [string, number])[]) => [
  ...(await reading.compare(
    'users',
    digests(...rows.map(([key, version]) => of(key, version))),
    (i) => rows[i]?.[0] as string,
  )),
];
async function missingOf(state: StateStore): Promise<string[]> {
  const reading = await state.read();
  const keys: string[] = [];
  for await (const chunk of reading.missing('users')) keys.push(...chunk);
  await reading.close();
  return keys;
}
/** Keys as one text: of thousands that is compared faster than a list. */
const inOrder = (keys: Iterable<string>) => [...keys].sort().join();
/** How often the rows were scanned while something was done. */
async function scansOf(action: () => Promise<unknown>): Promise<number> {
  const scan = vi.spyOn(EntityRows.prototype, 'scan');
  await action();
  const count = scan.mock.calls.length;
  scan.mockRestore();
  return count;
}
/** Runs a process that does one thing with the state. */
async function withState(directory: string, use: (state: StateStore) => Promise<unknown>): Promise<void> {
  const state = await openState(directory);
  await use(state);
  await state.close();
}

/** Checks who may have every ninth login of the map, and two that nobody has. */
async function requireLogins(reading: Reading, logins: ReadonlyMap<string, string>): Promise<void> {
  const some = [...logins].filter((_, i) => i % 9 === 0);
  const nobodys = [loginOf(keyOf(0), 7), loginOf(keyOf(ROWS), 0)];
  const found = await reading.holders([...some.map(([, login]) => login), ...nobodys]);
  expect(found.map((keys) => keys.join()).join(' ')).toBe([...some.map(([key]) => key), '', ''].join(' '));
}

/** What may happen to the file between two processes; `older` is a copy of an earlier day. */
const TAMPERING: Readonly<Record<string, (cache: string, part: number, older: string) => void>> = {
  nothing: () => undefined,
  deleted: (cache) => rmSync(cache, { force: true }),
  truncated: (cache, part) => truncateSync(cache, Math.floor(statSync(cache).size * part)),
  'a byte is another': (cache, part) => {
    const bytes = readFileSync(cache);
    const at = Math.floor(bytes.length * part);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(cache, bytes);
  },
  'zeros from a place on': (cache, part) => {
    const bytes = readFileSync(cache);
    writeFileSync(cache, bytes.fill(0, Math.floor(bytes.length * part)));
  },
  'an older copy': (cache, _, older) => copyFileSync(older, cache),
  'half of an older copy': (cache, part, older) => {
    const [now, before] = [readFileSync(cache), readFileSync(older)];
    const at = Math.floor(Math.min(now.length, before.length) * part);
    writeFileSync(cache, Buffer.concat([now.subarray(0, at), before.subarray(at)]));
  },
  'of another entity': (cache) => copyFileSync(cache, cache.replace('users', 'groups')),
  'bytes behind its end': (cache) => appendFileSync(cache, 'more'),
  'a directory': (cache) => {
    rmSync(cache, { force: true });
    mkdirSync(cache);
  },
  'no place for the next': (cache) => mkdirSync(`${cache}.tmp`, { recursive: true }),
};

describe('a cache of digests', () => {
  it('changes nothing, whatever becomes of it between the runs that change the rows', async () => {
    const anyRun = fc.record({
      changes: fc.array(
        fc.record({
          place: fc.nat(ROWS + 50),
          what: fc.constantFrom('changed', 'gone', 'unknown', 'beside'),
        }),
        { maxLength: 40 },
      ),
      // One row in twenty and more: the rows are scanned when the state is closed.
      isLarge: fc.boolean(),
      tampering: fc.constantFrom(...Object.keys(TAMPERING)),
      part: fc.double({ min: 0, max: 0.9999, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRun, { minLength: 1, maxLength: 4, size: 'max' }), async (days) => {
        const { directory, cache } = copyOfBase();
        const older = join(root, 'older');
        copyFileSync(join(base, 'digests-users.cache'), older);
        const held = new Map<string, Held>(
          Array.from({ length: ROWS }, (_, i) => [keyOf(i), user(keyOf(i)).held]),
        );
        // The login of an unknown row is the one before.
        const logins = new Map(Array.from(held.keys(), (key) => [key, loginOf(key)]));
        for (const [day, { changes, isLarge, tampering, part }] of days.entries()) {
          const rows = changes.map(({ place, what }): AdoptedRow => {
            const key = what === 'beside' ? `${keyOf(place)}é` : keyOf(place);
            if (what === 'gone') return gone('users', key);
            return what === 'unknown' ? unknown('users', key) : user(key, day + 1);
          });
          if (isLarge) for (let i = 0; i < ROWS; i += 19) rows.push(user(keyOf(i), day + 1));
          await withState(directory, async (state) => {
            const seen = [0, 4500, ROWS - 1].map(keyOf);
            const reading = await state.read();
            await compare(
              reading,
              seen.map((key) => [key, 99]),
            );
            const missing: string[] = [];
            for await (const chunk of reading.missing('users')) missing.push(...chunk);
            expect(inOrder(missing)).toBe(inOrder([...held.keys()].filter((key) => !seen.includes(key))));
            await requireLogins(reading, logins);
            await reading.close();
            await state.adopt(rows);
          });
          for (const { key, held: row } of rows)
            if (row === undefined) {
              held.delete(key);
              logins.delete(key);
            } else {
              held.set(key, row);
              if (row.kind === 'confirmed') logins.set(key, row.fingerprint.attributes.slice(4));
            }
          if (existsSync(cache) && statSync(cache).isFile()) TAMPERING[tampering]?.(cache, part, older);
        }
        await withState(directory, async (state) => {
          expect(inOrder(await missingOf(state))).toBe(inOrder(held.keys()));
          const reading = await state.read();
          const known = [...held].flatMap(([key, row]) =>
            row.kind === 'confirmed' ? [[key, row.fingerprint] as const] : [],
          );
          const words = digests(...known.map(([, fingerprint]) => fingerprint));
          const codes = await reading.compare('users', words, (i) => known[i]?.[0] as string);
          expect(codes.every((code) => code === Seen.SAME)).toBe(true);
          for await (const chunk of reading.missing('users'))
            for (const key of chunk) expect(held.get(key)?.kind).toBe('unknown');
          await requireLogins(reading, logins);
          await reading.close();
        });
        rmSync(directory, { recursive: true });
      }),
      { numRuns: runs(8) },
    );
  }, 120_000);

  it('is read instead of the rows, and brought up to date with a few changes, without a scan of them', async () => {
    const { directory, cache } = copyOfBase();
    for (let day = 1; day <= 3; day++) {
      const before = readFileSync(cache);
      const scans = await scansOf(() =>
        withState(directory, async (state) => {
          await missingOf(state);
          await state.adopt([user(keyOf(7), day), gone('users', keyOf(day)), user(`new${day}`)]);
        }),
      );
      expect(scans).toBe(0);
      expect(readFileSync(cache).equals(before)).toBe(false);
    }
    await withState(directory, async (state) => {
      expect(await missingOf(state)).toHaveLength(ROWS);
      const reading = await state.read();
      expect(
        await compare(reading, [
          [keyOf(7), 3],
          [keyOf(7), 2],
          [keyOf(1), 0],
          ['new2', 0],
        ]),
      ).toEqual([Seen.SAME, Seen.DUPLICATE, Seen.NEW, Seen.SAME]);
      await reading.close();
    });
  });

  it('of older rows is not used', async () => {
    const { directory, cache } = copyOfBase();
    await withState(directory, (state) => state.adopt([user(keyOf(7), 1), gone('users', keyOf(8))]));
    copyFileSync(join(base, 'digests-users.cache'), cache);
    await withState(directory, async (state) => {
      const reading = await state.read();
      const rows = [
        [keyOf(7), 1],
        [keyOf(8), 0],
        [keyOf(9), 0],
      ] as const;
      expect(await compare(reading, rows)).toEqual([Seen.SAME, Seen.NEW, Seen.SAME]);
      await reading.close();
    });
  });

  it('is left as it is when nothing changed, and only its owner may read it', async () => {
    const { directory, cache } = copyOfBase();
    const before = statSync(cache);
    expect(before.mode & 0o777).toBe(0o600);
    await withState(directory, missingOf);
    expect(statSync(cache).ino).toBe(before.ino);
    expect(readdirSync(directory).filter((name) => name.includes('cache'))).toEqual(['digests-users.cache']);
  });

  it.each([
    ['as many as are remembered', Math.floor(ROWS * 0.05), 0],
    ['one more', Math.floor(ROWS * 0.05) + 1, 1],
  ])('of changes takes in %s, and otherwise is made of the rows', async (_, count, expected) => {
    const { directory } = copyOfBase();
    const rows = Array.from({ length: count }, (_unused, i) => user(keyOf(i * 3), 1));
    expect(await scansOf(() => withState(directory, (state) => state.adopt(rows)))).toBe(expected);
    expect(await scansOf(() => withState(directory, missingOf))).toBe(0);
  });

  it('of more keys than are remembered is made of the rows, however large the state is', async () => {
    const { directory } = copyOfBase();
    await withState(directory, async (state) => {
      // Forgetting what is not there changes no row, and counts all the same.
      for (let part = 0; part < 3; part++)
        await state.adopt(Array.from({ length: 33_400 }, (_, i) => gone('users', `nobody ${part} ${i}`)));
      expect(await scansOf(() => state.close())).toBe(1);
    });
    expect(await scansOf(() => withState(directory, missingOf))).toBe(0);
  });

  it('is made anew by a process that read the rows without one, and by none that did not', async () => {
    const { directory, cache } = copyOfBase();
    rmSync(cache);
    await withState(directory, (state) => state.counts());
    expect(existsSync(cache)).toBe(false);
    expect(await scansOf(() => withState(directory, missingOf))).toBeGreaterThan(0);
    expect(await scansOf(() => withState(directory, missingOf))).toBe(0);
  });

  it('is not kept of fewer rows than it is worth', async () => {
    const { directory, cache } = copyOfBase();
    const rows = Array.from({ length: ROWS - LEAST_ROWS + 1 }, (_, i) => gone('users', keyOf(i)));
    await withState(directory, (state) => state.adopt(rows.slice(1)));
    expect(existsSync(cache)).toBe(true);
    await withState(directory, (state) => state.adopt(rows));
    expect(existsSync(cache)).toBe(false);
    await withState(directory, missingOf);
    expect(existsSync(cache)).toBe(false);
  });

  it('holds nothing of a write that failed', async () => {
    const { directory } = copyOfBase();
    await withState(directory, async (state) => {
      const bad = { entity: 'users', key: null as never, held: undefined } as const;
      await expect(state.adopt([user(keyOf(5), 9), user('half'), bad])).rejects.toThrow();
      await state.adopt([user(keyOf(6), 1)]);
    });
    await withState(directory, async (state) => {
      const reading = await state.read();
      expect(
        await compare(reading, [
          [keyOf(5), 0],
          [keyOf(6), 1],
          ['half', 0],
        ]),
      ).toEqual([Seen.SAME, Seen.SAME, Seen.NEW]);
      await reading.close();
    });
  });

  it('of the state before is not believed once that was restored', async () => {
    const { directory } = copyOfBase();
    await withState(directory, async (state) => {
      const { fingerprintKey } = state;
      await state.restore({ fingerprintKey, target: undefined, lastTriggeredAt: undefined });
      await state.adopt(Array.from({ length: ROWS }, (_, i) => user(`other${i}`)));
      await state.setMeta('import', '');
      expect(await missingOf(state)).toHaveLength(ROWS);
    });
    await withState(directory, async (state) => {
      expect((await missingOf(state)).every((key) => key.startsWith('other'))).toBe(true);
    });
  });
});
