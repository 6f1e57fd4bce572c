/**
 * The store of a state: the interface that a store of your own implements, its contract as tests, and export and import.
 *
 * @module rollcall/store
 * @packageDocumentation
 */
export { stateStoreContract, type StoreLaw } from '../state/contract/contract.js';
export type { StoreUnderTest } from '../state/contract/laws.js';
export type {
  Journal,
  JournaledSession,
  JournalPhase,
  PendingRow,
  SessionOutcome,
} from '../state/journal.js';
export {
  IMPORT_UNFINISHED,
  LANES,
  MOVED_TO,
  Reference,
  Seen,
  UNKNOWN,
  type AdoptedRow,
  type DifferingRecord,
  type EntityCounts,
  type Held,
  type HeldRow,
  type Lane,
  type Outbox,
  type Reading,
  type ReferenceCode,
  type SeenCode,
  type Spool,
  type StateIdentity,
  type StateStore,
  type Target,
  type WholeComparison,
} from '../state/store.js';
export { withDeletions, type DeletionCounts } from '../state/deletions-by-day.js';
export type { Fingerprint } from '../core/model.js';
export type { DigestTable } from '../fingerprints/digest-table.js';
export type { OpenStateOptions } from '../state/lmdb/open-state.js';
export type { StateRowCounts } from '../state/export-import/export-format.js';
export { exportState } from '../state/export-import/export-state.js';
export { importState, type ImportOptions } from '../state/export-import/import-state.js';
export { verifyState } from '../state/export-import/verify-state.js';
export { moveState, type MoveOptions } from '../state/move-state.js';
