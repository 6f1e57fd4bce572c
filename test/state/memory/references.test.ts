import { describe, expect, it } from 'vitest';
import { memoryState } from '../../../src/state/memory/memory-state.js';
import { digests, fingerprint, upserted } from '../../support/rows.js';
import { Reference } from '../../../src/state/store.js';

describe('a reference to an entity of which it is not known whether Okta holds it', () => {
  it('counts as new only where this reading sends it: a rejected record is kept, not sent', async () => {
    const state = memoryState();
    const id = await state.journal.creating(0);
    await state.journal.created(id, 's1');
    await state.journal.loading(id, [upserted('users', 'sent'), upserted('users', 'rejected')]);
    await state.journal.settle(id, 'unknown');
    const reading = await state.read();
    await reading.compare('users', digests(fingerprint()), () => 'sent');
    await reading.keep('users', ['rejected']);
    reading.complete('users');
    expect([...(await reading.refer('users', ['sent', 'rejected']))]).toEqual([
      Reference.NEW,
      Reference.ABSENT,
    ]);
  });
});
