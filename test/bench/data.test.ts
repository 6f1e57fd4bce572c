import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { firstDay, sameDay, secondDay, truthOf } from '../../bench/data/days.js';
import { cleanCache, peopleFile } from '../../bench/data/files.js';
import { membershipsFile } from '../../bench/data/memberships.js';
import { MIXES, userOfSize } from '../../bench/data/mixed-sizes.js';
import { toCsvLine, toJsonLine } from '../../bench/data/people.js';

const SIZE = 3000;
const byId = (rows: Iterable<{ employee_id: string }>) =>
  new Map([...rows].map((row) => [row.employee_id, JSON.stringify(row)]));

describe('the generated days', () => {
  it('are the same whenever they are made', () => {
    expect([...secondDay(SIZE)]).toEqual([...secondDay(SIZE)]);
  });

  it('differ as the generator says: 1 % changed, 0.1 % removed, 0.1 % new', () => {
    const first = byId(firstDay(SIZE));
    const second = byId(secondDay(SIZE));
    const ids = [...second.keys()];
    expect({
      creates: ids.filter((id) => !first.has(id)).length,
      updates: ids.filter((id) => first.has(id) && first.get(id) !== second.get(id)).length,
      deletes: [...first.keys()].filter((id) => !second.has(id)).length,
    }).toEqual(truthOf(SIZE));
    expect(truthOf(1_000_000)).toEqual({ creates: 1000, updates: 10_000, deletes: 1000 });
  });

  it('have the same people in another order where nothing changed', () => {
    const first = [...firstDay(SIZE)];
    const same = [...sameDay(SIZE)];
    expect(same).not.toEqual(first);
    expect(same.toSorted((a, b) => a.employee_id.localeCompare(b.employee_id))).toEqual(first);
  });

  it('have rows of about 300 bytes in JSON', () => {
    const rows = [...firstDay(SIZE)];
    const mean = (texts: string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / SIZE;
    expect(mean(rows.map(toJsonLine))).toBeGreaterThan(270);
    expect(mean(rows.map(toJsonLine))).toBeLessThan(330);
    expect(mean(rows.map((row) => toCsvLine({ ...row })))).toBeGreaterThan(160);
  });
});

it('users of mixed sizes take about the bytes that are asked for', () => {
  for (const sizeOf of Object.values(MIXES))
    for (let i = 0; i < 200; i++) {
      const wanted = sizeOf(i, 200);
      const bytes = Buffer.byteLength(JSON.stringify(userOfSize(i, wanted)));
      expect(Math.abs(bytes - wanted)).toBeLessThan(60);
    }
});

it('what was generated is kept in one folder, and removed from it without anything else', () => {
  const cache = mkdtempSync(join(tmpdir(), 'rollcall-bench-cache-'));
  vi.stubEnv('ROLLCALL_BENCH_CACHE', cache);
  try {
    for (const file of [peopleFile('first', 'csv', 10), membershipsFile('second', 10)])
      expect(existsSync(file)).toBe(true);
    mkdirSync(join(cache, 'state-users-10-build'));
    writeFileSync(join(cache, 'notes.txt'), 'of somebody else');
    expect(readdirSync(cache)).toHaveLength(4);
    cleanCache();
    expect(readdirSync(cache)).toEqual(['notes.txt']);
  } finally {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true });
  }
});
