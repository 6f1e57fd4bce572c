import { describe, expect, it } from 'vitest';
import { memoryState } from '../../../src/state/memory/memory-state.js';
import { Reference } from '../../../src/state/store.js';

describe('a reference to an entity of which it is not known whether Okta holds it', () => {
  it('counts as new only where this reading sends it: a rejected record is kept, not sent', async () => {
    const state = memoryState();
    const id = await state.journal.creating(0);
    await state.journal.created(id, 's1');
    const row = (key: string) =>
      ({ entity: 'users', kind: 'upsert', key, fingerprint: 'f'.repeat(16) }) as const;
    await state.journal.loading(id, [row('sent'), row('rejected')]);
    await state.journal.settle(id, 'unknown');
    const reading = await state.read();
    await reading.compare('users', ['sent'], ['f'.repeat(16)]);
    await reading.keep('users', ['rejected']);
    reading.complete('users');
    expect([...(await reading.refer('users', ['sent', 'rejected']))]).toEqual([
      Reference.NEW,
      Reference.ABSENT,
    ]);
  });
});
