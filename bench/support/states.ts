import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, Flow, StateStore } from 'rollcall';
import type { AdoptedRow } from 'rollcall/store';
import type { Product, World } from '../case.js';
import { cacheDirectory, peopleFile } from '../data/files.js';
import { peopleOf, userChanges } from './pipeline.js';

/** Rows of a full session of users: the state is made in the steps in which a first load commits it. */
const SESSION_ROWS = 10_000;

/** A state that holds the first day's people; made once for each build of the package. */
export async function usersState(world: World): Promise<string> {
  return cachedState(world, 'users', async (product, state) => {
    const users = peopleOf(product, peopleFile('first', 'csv', world.size));
    await adoptAll(product, state, userChanges(product, users, state));
  });
}

/** A state in the cache, made by `fill` when this build has not made it yet. */
export async function cachedState(
  world: World,
  name: string,
  fill: (product: Product, state: StateStore) => Promise<void>,
): Promise<string> {
  const prefix = `state-${name}-${world.size}-`;
  const path = join(cacheDirectory(), prefix + world.build);
  if (existsSync(path)) return path;
  dropOthers(prefix);
  const partial = join(world.work, 'new-state');
  mkdirSync(partial);
  const product = await world.product();
  const state = await product.openState(partial);
  await fill(product, state);
  await state.close();
  renameSync(partial, path);
  return path;
}

/** Makes all changes of a first load the baseline, in the order and the steps in which their sessions would. */
export async function adoptAll(product: Product, state: StateStore, changes: Flow<Change>): Promise<void> {
  let rows: AdoptedRow[] = [];
  // The guard reads the source to its end first, so that nothing is adopted while it is being compared.
  for await (const chunk of product.pipe(changes, product.guard(state)).chunks()) {
    for (const { entity, key, fingerprint } of chunk) {
      rows.push({ entity, key, held: fingerprint && { kind: 'confirmed', fingerprint } });
      if (rows.length < SESSION_ROWS) continue;
      await state.adopt(rows);
      rows = [];
    }
  }
  if (rows.length > 0) await state.adopt(rows);
  // As after a run: the first run without these values reads all rows, to find the names of their attributes.
  for (const entity of ['users', 'groups'])
    await state.setMeta(`attributes:${entity}`, JSON.stringify({ names: [], isComplete: true }));
}

/** A copy for one run, which changes it. */
export function copyState(path: string, world: World): string {
  const copy = join(world.work, 'state');
  cpSync(path, copy, { recursive: true });
  return copy;
}

/** States of builds that are no more: they are large. */
function dropOthers(prefix: string): void {
  for (const name of readdirSync(cacheDirectory()))
    if (name.startsWith(prefix)) rmSync(join(cacheDirectory(), name), { recursive: true });
}
