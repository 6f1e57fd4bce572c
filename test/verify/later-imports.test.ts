import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyText } from '../../src/cli/text/verify-text.js';
import { importsEndedAt } from '../../src/state/imports-end.js';
import { openState } from '../../src/state/lmdb/open-state.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { UNKNOWN, type StateStore } from '../../src/state/store.js';
import { sync } from '../../src/sync/sync.js';
import { verify } from '../../src/verify/verify.js';
import { replaced } from '../support/replaced.js';
import { inVirtualTime } from '../support/virtual-time.js';
import { clientOf, company, makeOrg } from '../support/world.js';

const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 0, 5);
const TUESDAY = MONDAY + 24 * HOUR;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'rollcall-later-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('imports that the state does not know', () => {
  it('are found with a copy of the state of an older day, and not with the state itself', async () => {
    const org = makeOrg();
    const okta = clientOf(org);
    const path = folder();
    const run = async (at: number, size: number) => {
      await using state = await openState(join(path, 'state'));
      await inVirtualTime(() => sync({ okta, state, ...company(size) }), at);
    };
    await run(MONDAY, 30);
    cpSync(join(path, 'state'), join(path, 'copy'), { recursive: true });
    await run(TUESDAY, 32);

    await using state = await openState(join(path, 'state'));
    expect((await verify({ okta, state })).importedLater).toBeUndefined();
    await using copy = await openState(join(path, 'copy'));
    const report = await verify({ okta, state: copy });
    expect(report.importedLater?.users).toBe(2);
    const { newest, endedAt } = report.importedLater as NonNullable<typeof report.importedLater>;
    expect(newest.getTime() - endedAt.getTime()).toBeGreaterThan(HOUR);
    expect(verifyText(report)).toContain('the state is a copy of an older day');
  });

  it('are found if another program with a state of its own writes to the identity source', async () => {
    const org = makeOrg();
    const okta = clientOf(org);
    const [ours, theirs] = [memoryState(), memoryState()];
    const run = (state: StateStore, size: number, at: number) =>
      inVirtualTime(() => sync({ okta, state, ...company(size) }), at);
    await run(ours, 10, MONDAY);
    await run(theirs, 12, TUESDAY);
    expect((await verify({ okta, state: ours })).importedLater?.users).toBe(12);
  });

  it('are not known before anything was sent, after a failed run, and while a row is unknown', async () => {
    const okta = clientOf(makeOrg());
    const state = memoryState();
    const run = (size: number, client = okta, at = TUESDAY) =>
      inVirtualTime(() => sync({ okta: client, state, ...company(size) }), at);
    expect(await importsEndedAt(state)).toBeUndefined();
    await inVirtualTime(() => sync({ okta, state, ...company(10) }), MONDAY);
    const first = await importsEndedAt(state);
    expect(first).toBeGreaterThan(MONDAY);
    // Nothing changed, so nothing is sent.
    await run(10);
    expect(await importsEndedAt(state)).toBe(first);

    const stopped = replaced(okta, { createSession: () => Promise.reject(new Error('stopped')) });
    await expect(run(11, stopped)).rejects.toThrow('stopped');
    expect(await importsEndedAt(state)).toBeUndefined();
    await state.adopt([{ entity: 'groups', key: 'elsewhere', held: UNKNOWN }]);
    await inVirtualTime(() => sync({ okta, state, users: company(11).users }), TUESDAY);
    expect(await importsEndedAt(state)).toBeUndefined();
    // The session of the failed run, whose answer was lost, is searched for a quarter of an hour.
    await run(11, okta, TUESDAY + HOUR);
    expect(await importsEndedAt(state)).toBeGreaterThan(TUESDAY);
  });
});
