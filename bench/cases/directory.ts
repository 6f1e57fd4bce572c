import { join } from 'node:path';
import type { Case, Side } from '../case.js';
import { wholeCount, wholeGroupsFile, wholeMembershipsFile } from '../data/whole-directory.js';
import { peopleFile } from '../data/files.js';
import { instantClient } from '../support/instant-client.js';
import { peopleOf } from '../support/pipeline.js';

/** Users, groups and memberships by `sync`, to an Okta that confirms each session at once. */
const synced: Side = {
  name: 'rollcall, sent and committed',
  async load(world) {
    const product = await world.product();
    return async () => {
      const { fromCsv, map, openState, pipe, sync, toGroup, toMembership } = product;
      const state = await openState(join(world.work, 'state'));
      try {
        const { confirmed, requests, sessions } = await sync({
          okta: instantClient(() => undefined),
          state,
          users: peopleOf(product, peopleFile('first', 'csv', world.size)),
          groups: pipe(fromCsv(wholeGroupsFile(world.size)), map(toGroup)),
          memberships: pipe(fromCsv(wholeMembershipsFile(world.size)), map(toMembership)),
          cooldownMs: 0,
          pollIntervalMs: 1,
        });
        const records = Object.values(confirmed).reduce((sum, { creates }) => sum + creates, 0);
        return { counts: { records }, measures: { requests, sessions } };
      } finally {
        await state.close();
      }
    };
  },
};

/** The same files, read into rows and dropped. */
const read: Side = {
  name: 'reading the files alone',
  async load(world) {
    const { fromCsv } = await world.product();
    return async () => {
      let records = 0;
      const { size } = world;
      for (const file of [
        peopleFile('first', 'csv', size),
        wholeGroupsFile(size),
        wholeMembershipsFile(size),
      ])
        for await (const chunk of fromCsv(file).chunks()) records += chunk.length;
      return { counts: { records } };
    };
  },
};

/** The first day of a whole directory, half of its people in one group. */
export const directoryCases: readonly Case[] = [
  {
    name: 'first-load-directory',
    title:
      'first load of users, groups and memberships, half of the users in one group, against reading the files alone',
    target: { peakMb: 350 },
    pairs: 1,
    async prepare({ size }) {
      peopleFile('first', 'csv', size);
      wholeGroupsFile(size);
      wholeMembershipsFile(size);
    },
    truth: (size) => ({ records: wholeCount(size) }),
    rollcall: synced,
    peer: read,
  },
];
