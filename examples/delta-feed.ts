/**
 * A feed of changes instead of whole exports. Entities that are not in the feed stay unchanged, and only entities that it
 * marks as deleted are deleted. The position in the feed is stored in the state after Okta confirmed or refused everything before it.
 * A record that was rejected is owed: the state remembers its id, and `readWatermark` returns to it.
 *
 *     npx tsx examples/delta-feed.ts
 */
import {
  createClient,
  flatMap,
  pipe,
  readWatermark,
  sync,
  type RemovedRecord,
  type UserRecord,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

/** One change in the feed of an HR system. Changes are numbered, and each contains the whole person. */
interface Change {
  readonly number: number;
  readonly id: string;
  /** Undefined: this person has left. */
  readonly person?: { readonly email: string; readonly name: string };
}

/** An HR system: the current data of all people, and the recent changes. */
const hr = {
  changes: ['ann', 'bob', 'cho', 'dee'].map((name, i): Change => ({
    number: i + 1,
    id: name,
    person: { email: `${name}@example.com`, name },
  })),
  tell(id: string, person?: Change['person']) {
    this.changes.push({ number: this.changes.length + 1, id, ...(person && { person }) });
  },
  everybody(): readonly Change[] {
    return [...new Map(this.changes.map((change) => [change.id, change])).values()];
  },
  /** The latest change of each person who has changed. */
  async *since(position: number): AsyncGenerator<Change> {
    yield* this.everybody().filter(({ number }) => number > position);
  },
};

function toRecord({ id, person }: Change): UserRecord | RemovedRecord {
  if (person === undefined) return { externalId: id, deleted: true };
  return {
    externalId: id,
    profile: { userName: person.email, email: person.email, firstName: person.name },
  };
}

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});
const waits = { cooldownMs: 100, pollIntervalMs: 20 };

/** A full run reads the whole directory. Use it first, and from time to time to find changes that the feed may have missed. */
async function full(): Promise<void> {
  // Get the position before the directory is read: changes in between are then read twice, and not lost.
  const position = hr.changes.length;
  const present = pipe(
    hr.everybody(),
    flatMap((change) => (change.person === undefined ? [] : [toRecord(change)])),
  );
  await sync({ okta, state, users: present, watermark: String(position), ...waits });
  console.log(`full: Okta has ${org.directory().activeUsers} people; read up to ${position}`);
}

/** All other runs read only the changes since the last one. */
async function delta(title: string): Promise<void> {
  let position = Number(await readWatermark(state));
  const changed = pipe(hr.since(position), async function* (changes) {
    for await (const change of changes) {
      position = Math.max(position, change.number);
      yield toRecord(change);
    }
  });
  const { confirmed, watermarkKept, owed } = await sync({
    okta,
    state,
    mode: 'delta',
    users: changed,
    watermark: () => String(position),
    ...waits,
  });
  const { creates, updates, deletes } = confirmed.users;
  const kept = watermarkKept === true ? `read up to ${position}` : 'to be read again';
  console.log(`${title}: +${creates} ~${updates} -${deletes}; ${kept}, ${owed.count} owed`);
}

await full();
hr.tell('bob', { email: 'bob@example.com', name: 'Robert' });
hr.tell('cho');
hr.tell('eve', { email: 'eve@example.com', name: 'Eve' });
await delta('delta');
await delta('nothing new');
hr.tell('fay', { email: 'not an address', name: 'Fay' });
await delta('a record that Okta would refuse');
hr.tell('fay', { email: 'fay@example.com', name: 'Fay' });
await delta('mended');
console.log(`Okta has ${org.directory().activeUsers} people`);
await okta.close();
