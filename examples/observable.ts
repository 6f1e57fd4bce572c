/**
 * RxJS as input and output: people come from an Observable and go through operators of both libraries, and the events of
 * the run are an Observable.
 *
 *     npx tsx examples/observable.ts
 */
import { createClient, fromObservable, pipe, startSync, toObservable, validate } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';
import { bufferCount, concatMap, filter, from, lastValueFrom, map, merge, of, reduce } from 'rxjs';

await using org = await startOrg({ cooldownMs: 100 });
await using state = memoryState(); // openState('./state') keeps it between runs
const okta = createClient({
  orgUrl: org.url,
  identitySourceId: org.identitySourceId,
  auth: { token: org.token },
});

/** Two feeds of one company, for example from two systems. */
function feeds() {
  const staff = from(['ann', 'bob', 'cho', 'dee']);
  const contractors = of('eve', 'fay').pipe(concatMap(async (name) => `x-${name}`));
  return merge(staff, contractors).pipe(
    map((name) => ({
      externalId: name,
      profile: { userName: `${name}@example.com`, email: `${name}@example.com` },
    })),
  );
}

// Input: `users` accepts an Observable. An Observable has no back-pressure, so use it for feeds and not for millions of
// records: if 10,000 values are waiting (`maxBuffered`), `fromObservable` fails; it never drops a value.
const run = startSync({ okta, state, users: feeds(), pollIntervalMs: 20 });

// Output: the events are an Observable, and `toObservable` converts any flow.
const waits = lastValueFrom(
  run.events$.pipe(
    filter((event) => event.type === 'batch:sent'),
    reduce((items, event) => items + event.items, 0),
  ),
);
const { confirmed } = await run.done;
console.log(`${await waits} sent, ${confirmed.users.creates} people created`);

const checked = pipe(fromObservable(feeds(), { maxBuffered: 100 }), validate('users'));
toObservable(checked)
  .pipe(bufferCount(4))
  .subscribe((some) => console.log(some.map(({ externalId }) => externalId).join(' ')));
await okta.close();
