import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState } from '../../src/state/lmdb/open-state.js';
import { MemoryDisk } from '../../src/state/memory/memory-disk.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import type { StateStore } from '../../src/state/store.js';
import type { Machine } from './machine.js';
import type { SimulationServer } from './postgres-disk.js';
import type { Store } from './scenario.js';

/** Where a state lives from process to process. */
export interface Disk {
  /** Opens the state, as a new process does. */
  open(): Promise<StateStore>;
  /** The process that had the state open is dead. */
  died(state: StateStore): Promise<void>;
  dispose(): Promise<void>;
}

/** The disk of a scenario. @param server - for a state in PostgreSQL */
export function diskOf(store: Store, machine: Machine, server: SimulationServer | undefined): Disk {
  if (store === 'memory') return memoryDisk();
  if (store === 'lmdb') return lmdbDisk(machine);
  if (server === undefined) throw new Error('a state in PostgreSQL needs a server');
  return server.disk(machine);
}

/** A disk in memory. A state that is opened takes over from the one before. */
function memoryDisk(): Disk {
  const disk = new MemoryDisk();
  return {
    open: async () => memoryState({ disk }),
    died: async () => undefined,
    dispose: async () => undefined,
  };
}

/**
 * The real disk. What a dead process leaves is a copy of its file taken at that moment: the process that died in a
 * simulation lives on in truth, and its state with it, in a directory that nobody looks at any more.
 */
function lmdbDisk(machine: Machine): Disk {
  const root = mkdtempSync(join(tmpdir(), 'rollcall-simulation-'));
  let lives = 1;
  const path = () => join(root, String(lives));
  return {
    open: () => machine.real(() => openState(path())),
    died: async (state) => {
      await machine.idle();
      const before = path();
      lives++;
      cpSync(before, path(), { recursive: true, filter: (file) => !file.endsWith('.mdb-lock') });
      await machine.close(() => state.close());
    },
    dispose: async () => rmSync(root, { recursive: true, force: true }),
  };
}
