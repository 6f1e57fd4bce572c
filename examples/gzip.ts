/**
 * Gzipped files. A path that ends in `.gz` is unpacked while it is read; for a stream, set `gzip: true`. A truncated export
 * cannot be unpacked to its end, so nothing is sent.
 *
 *     npx tsx examples/gzip.ts
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createClient, fromCsv, map, pipe, SourceError, sync, toUser } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

const directory = await mkdtemp(join(tmpdir(), 'rollcall-example-'));
const file = join(directory, 'users.csv.gz');
await writeFile(file, gzipSync(await readFile(new URL('data/day-1/users.csv', import.meta.url))));

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});
const waits = { cooldownMs: 100, pollIntervalMs: 20 };

const first = await sync({ okta, state, users: pipe(fromCsv(file), map(toUser)), ...waits });
console.log(`a path: ${first.confirmed.users.creates} people created`);

const stream = createReadStream(file);
const again = await sync({
  okta,
  state,
  users: pipe(fromCsv(stream, { gzip: true }), map(toUser)),
  ...waits,
});
console.log(`a stream: ${again.sources.users?.read} people read, ${again.requests} requests`);

await truncate(file, 20_000);
try {
  await sync({ okta, state, users: pipe(fromCsv(file), map(toUser)), ...waits });
} catch (error) {
  if (!(error instanceof SourceError)) throw error;
  console.log(`cut off: nothing was sent; Okta still has ${org.directory().activeUsers} people`);
}
await okta.close();
await rm(directory, { recursive: true });
