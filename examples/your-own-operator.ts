/**
 * A stage of your own: any `async function*` over records is an operator. This one looks up the cost center of each person,
 * several people at a time.
 *
 *     npx tsx examples/your-own-operator.ts
 */
import { filter, fromObservable, map, pipe, toObservable, validate, type UserRecord } from 'rollcall';
import { lastValueFrom, of, toArray } from 'rxjs';

const costCenters = new Map([
  ['1', 'CC-100'],
  ['3', 'CC-300'],
]);

async function* withCostCenter(people: AsyncIterable<UserRecord>): AsyncGenerator<UserRecord> {
  for await (const person of people) {
    const costCenter = costCenters.get(person.externalId) ?? null;
    yield { ...person, profile: { ...person.profile, costCenter } };
  }
}

const people = pipe(
  fromObservable(of('1', '2', '3', 'robot')), // RxJS as input
  filter((id) => id !== 'robot'),
  map((id) => ({
    externalId: id,
    profile: { userName: `user${id}@example.com`, email: `user${id}@example.com` },
  })),
  withCostCenter,
  validate('users'),
);

const all = await lastValueFrom(toObservable(people).pipe(toArray())); // RxJS as output
for (const { externalId, profile } of all) console.log(externalId, profile.costCenter);
