import { createHash } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { StateError } from '../../core/errors.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { requireSettled, requireWhole } from '../checks.js';
import type { StateStore } from '../store.js';
import { holdOpen } from '../uses.js';
import {
  EXPORT_FORMAT,
  META,
  textOf,
  type Footer,
  type Header,
  type RowsLine,
  type StateRowCounts,
} from './export-format.js';

const ROWS_PER_LINE = 500;

/**
 * Writes the content of a state to a file, as a backup or for another machine: external ids, keyed fingerprints and their
 * key. It contains no profile. The mode of the file is 0600. If writing fails, there is no file.
 *
 * @example
 * const rows = await exportState(state, 'backup.jsonl');
 * @throws {@link StateError} if a session is in flight (run `sync` first, because the session would change the rows), or if
 * the file cannot be written
 */
export function exportState(state: StateStore, file: string): Promise<StateRowCounts> {
  return holdOpen(state, () => writeExport(state, file));
}

async function writeExport(state: StateStore, file: string): Promise<StateRowCounts> {
  await requireSettled(state);
  // The export of an unfinished import would look complete.
  requireWhole(await state.getMeta('import'));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      const digest = createHash('sha256');
      const counts = { users: 0, groups: 0, memberships: 0 };
      for await (const line of exportedLines(state, counts)) {
        digest.update(line);
        await handle.write(line);
      }
      await handle.write(`${JSON.stringify({ counts, sha256: digest.digest('hex') } satisfies Footer)}\n`);
      await handle.sync();
      await handle.close();
      await rename(temporary, file);
      return counts;
    } catch (error) {
      await handle.close().catch(() => undefined);
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (cause) {
    throw cause instanceof StateError ? cause : new StateError('the export could not be written', { cause });
  }
}

async function* exportedLines(
  state: StateStore,
  counts: Record<Entity, number>,
): AsyncGenerator<string, void, undefined> {
  const meta: Record<string, string> = {};
  for (const name of META) {
    const value = await state.getMeta(name);
    if (value !== undefined) meta[name] = value;
  }
  const header: Header = {
    format: EXPORT_FORMAT,
    fingerprintKey: state.fingerprintKey,
    target: await state.target(),
    lastTriggeredAt: await state.journal.lastTriggeredAt(),
    meta,
  };
  yield `${JSON.stringify(header)}\n`;
  for (const entity of ENTITIES) {
    for await (const chunk of state.rows(entity)) {
      counts[entity] += chunk.length;
      for (let start = 0; start < chunk.length; start += ROWS_PER_LINE) {
        const rows = chunk
          .slice(start, start + ROWS_PER_LINE)
          .map(({ key, held }) => [key, textOf(held)] as const);
        yield `${JSON.stringify({ entity, rows } satisfies RowsLine)}\n`;
      }
    }
  }
}
