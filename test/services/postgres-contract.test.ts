import pg from 'pg';
import { afterAll, beforeAll, it } from 'vitest';
import { stateStoreContract } from '../../src/state/contract/contract.js';
import type { StateStore } from '../../src/state/store.js';
import { describeWith, POSTGRES, postgres, uniqueName } from './available.js';
import { openTestStore } from './postgres-store.js';

const service = await postgres();
const schema = uniqueName();

describeWith(service, 'the contract of a state, in PostgreSQL', () => {
  const admin = new pg.Client(POSTGRES);
  const ended: StateStore[] = [];
  let states = 0;

  beforeAll(() => admin.connect());
  afterAll(async () => {
    for (const store of ended) await store.close();
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  });

  // Each law has a state of its own in the same tables.
  const laws = stateStoreContract(() => openTestStore(admin, { schema, name: `law ${++states}` }, ended));
  for (const { name, check } of laws) it(name, check, 30_000);
});
