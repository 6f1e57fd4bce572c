/**
 * Node streams as input and output: a Readable is a source, a flow becomes a Readable, and `pipeline` connects it to
 * Transforms and Writables. Back-pressure works in both directions: nothing is read before it is needed.
 *
 *     npx tsx examples/node-streams.ts
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createClient, filter, fromCsv, map, pipe, sync, toUser, type UserRecord } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});
const users = new URL('data/day-1/users.csv', import.meta.url);

// Input: a stream of bytes is an input of `fromCsv` and similar functions; a stream of objects is a source.
const rows = Readable.from(pipe(fromCsv(createReadStream(users)), map(toUser)));
const lowerCase = new Transform({
  objectMode: true,
  transform({ externalId, profile }: UserRecord, _encoding, done) {
    done(null, { externalId, profile: { ...profile, userName: profile.userName?.toLowerCase() ?? '' } });
  },
});
// `compose` passes errors of both streams on, like `pipeline`; `pipe` would not.
const people = rows.compose(lowerCase) as unknown as AsyncIterable<UserRecord>;
const report = await sync({ okta, state, users: people, pollIntervalMs: 20 });
console.log(`${report.confirmed.users.creates} people created, ${report.rejections.length} rejected`);

// Output to any Writable: here a file with the people of one department ...
const directory = await mkdtemp(join(tmpdir(), 'rollcall-example-'));
const file = join(directory, 'finance.jsonl');
const finance = pipe(
  fromCsv(createReadStream(users)),
  map(toUser),
  filter(({ profile }) => profile.department === 'Finance'),
);
await pipeline(
  Readable.from(finance),
  async function* toLines(source: AsyncIterable<UserRecord>) {
    for await (const { externalId } of source) yield `${JSON.stringify({ externalId })}\n`;
  },
  createWriteStream(file),
);
console.log(`${(await readFile(file, 'utf8')).trim().split('\n').length} people in finance`);

// ... and a Writable that stops early: the input file is then closed.
const enough = new AbortController();
let seen = 0;
const few = new Writable({
  objectMode: true,
  write(_person, _encoding, done) {
    if (++seen === 3) enough.abort();
    done();
  },
});
const source = createReadStream(users);
await pipeline(Readable.from(pipe(fromCsv(source), map(toUser))), few, { signal: enough.signal }).catch(
  (error: unknown) => {
    if (!enough.signal.aborted) throw error;
  },
);
if (!source.closed) await new Promise<void>((resolve) => source.once('close', resolve));
console.log(`stopped after ${seen}, and the file is closed`);
await rm(directory, { recursive: true });
await okta.close();
