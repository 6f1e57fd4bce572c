import type { FlatRow, MembershipRecord } from 'rollcall';
import type { Case, Outcome, Side, World } from '../case.js';
import { truthOf } from '../data/days.js';
import { peopleFile } from '../data/files.js';
import { groupsOf, membershipsFile, movedUsers, PAIRS_PER_USER } from '../data/memberships.js';
import { peopleOf, send, userChanges } from '../support/pipeline.js';
import { adoptAll, cachedState, copyState } from '../support/states.js';
import { prepareDays, rollcallDay } from './days.js';

/** How much larger the large directory is. */
const GROWTH = 5;
const smaller = (world: World): World => ({ ...world, size: Math.round(world.size / GROWTH) });

/** The same run over a fifth of the people; its counts are its own. */
function fifth(declared: boolean): Side {
  return {
    name: 'rollcall, a fifth of the people',
    async load(world) {
      const run = await rollcallDay('second', 'csv', declared).load(smaller(world));
      return async () => ({ ...(await run()), counts: {}, digest: undefined });
    },
  };
}

/** Nanoseconds a record, from the time of the whole run. */
function perRecord(side: Side, recordsOf: (size: number) => number): Side {
  return {
    name: side.name,
    async load(world) {
      const run = await side.load(world);
      return async (): Promise<Outcome> => {
        const start = process.hrtime.bigint();
        const outcome = await run();
        const ns = Number(process.hrtime.bigint() - start) / recordsOf(world.size);
        return { ...outcome, measures: { ...outcome.measures, nsPerRecord: ns } };
      };
    },
  };
}

/** A state that holds the first day's users, groups and memberships. */
function membershipState(world: World): Promise<string> {
  return cachedState(world, 'memberships', async (product, state) => {
    const { diff, fromCsv, map, pipe, toMembership, validate } = product;
    const users = peopleOf(product, peopleFile('first', 'csv', world.size));
    await adoptAll(product, state, userChanges(product, users, state));
    await adoptAll(product, state, pipe(groupsOf(world.size), validate('groups'), diff('groups', state)));
    const pairs = pipe(fromCsv(membershipsFile('first', world.size)), map(toMembership));
    await adoptAll(product, state, pipe(pairs, validate('memberships'), diff('memberships', state)));
  });
}

/** The memberships of the second day; the mapping declared, or a function that says the same. */
function memberships(declared: boolean): Side {
  return {
    name: 'rollcall, memberships',
    async load(world) {
      const product = await world.product();
      const { diff, fromCsv, map, openState, pipe, toMembership, validate } = product;
      const directory = copyState(await membershipState(world), world);
      const file = membershipsFile('second', world.size);
      const mapping = declared
        ? toMembership
        : ({ groupExternalId, memberExternalId }: FlatRow) =>
            ({ groupExternalId, memberExternalId }) as MembershipRecord;
      return async () => {
        const state = await openState(directory);
        try {
          const pairs = pipe(
            fromCsv(file),
            map(mapping),
            validate('memberships'),
            diff('memberships', state),
          );
          const { counts, measures } = await send(product, pairs, state, world.check);
          return {
            counts: { pairCreates: counts['creates'] ?? 0, pairDeletes: counts['deletes'] ?? 0 },
            ...(measures && { measures }),
          };
        } finally {
          await state.close();
        }
      };
    },
  };
}

/** A day of a directory against the same day of a fifth of it. */
function scale(
  declared: boolean,
): Pick<Case, 'size' | 'target' | 'prepare' | 'truth' | 'remark' | 'rollcall' | 'peer'> {
  return {
    size: 5_000_000,
    target: { wall: 5.3, peakMb: 260 },
    async prepare(world) {
      await prepareDays(smaller(world), 'second', ['csv']);
      await prepareDays(world, 'second', ['csv']);
    },
    truth: (size) => ({ ...truthOf(size) }),
    remark({ rollcall, peer, size }) {
      const growth = (rollcall.peakMb.median - peer.peakMb.median) * 1e6;
      return `peak memory grows by ${(growth / (size - size / GROWTH)).toFixed(0)} bytes a record`;
    },
    rollcall: rollcallDay('second', 'csv', declared),
    peer: fifth(declared),
  };
}

/** The memberships' own run against that of the users; both mappings declared, or both functions. */
function membershipRun(
  declared: boolean,
): Pick<Case, 'target' | 'measure' | 'unit' | 'prepare' | 'truth' | 'rollcall' | 'peer'> {
  return {
    target: { wall: 2, peakMb: 260 },
    measure: 'nsPerRecord',
    unit: 'ns a record',
    async prepare(world) {
      await prepareDays(world, 'second', ['csv']);
      membershipsFile('second', world.size);
      await membershipState(world);
    },
    truth: (size) => ({ pairCreates: movedUsers(size), pairDeletes: movedUsers(size) }),
    rollcall: perRecord(memberships(declared), (size) => size * PAIRS_PER_USER),
    peer: perRecord({ ...rollcallDay('second', 'csv', declared), name: 'rollcall, users' }, (size) => size),
  };
}

/** Large directories: how time and memory grow. */
export const largeCases: readonly Case[] = [
  {
    name: 'scale',
    title: '1 % changed, CSV, five times the people, against rollcall at the usual size',
    ...scale(false),
  },
  {
    name: 'scale-declared',
    title: '1 % changed, CSV, mapping declared, five times the people, against rollcall at the usual size',
    ...scale(true),
  },
  {
    name: 'memberships',
    title: `${PAIRS_PER_USER} memberships a user, 1 % changed, against the users' own run, a record`,
    ...membershipRun(false),
  },
  {
    name: 'memberships-declared',
    title: `${PAIRS_PER_USER} memberships a user, 1 % changed, mappings declared, against the users' own run, a record`,
    ...membershipRun(true),
  },
];
