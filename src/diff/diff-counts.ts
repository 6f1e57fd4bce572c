import type { Entity } from '../core/model.js';
import type { RunContext } from '../flow/run-context.js';

/** What `diff` notes in the context for the guard and the report. */
export interface DiffNote {
  /** Records that came in. */
  read: number;
  unchanged: number;
  creates: number;
  updates: number;
  deletes: number;
  /** Removals found but not emitted, because a record of the source could not be identified. */
  heldBack: number;
  /** Removals found but not emitted, because the options on absence say so. */
  spared: number;
  /** Records that are out of scope. */
  excluded: number;
  /** Records of a delta feed that a later one of the same entity stands for. */
  superseded: number;
}

const NOTES = new WeakMap<RunContext, Map<Entity, DiffNote>>();

/** The note of an entity's diff, made on first use. */
export function diffNote(context: RunContext, entity: Entity): DiffNote {
  let notes = NOTES.get(context);
  if (notes === undefined) NOTES.set(context, (notes = new Map<Entity, DiffNote>()));
  let note = notes.get(entity);
  if (note === undefined) {
    note = {
      read: 0,
      unchanged: 0,
      creates: 0,
      updates: 0,
      deletes: 0,
      heldBack: 0,
      spared: 0,
      excluded: 0,
      superseded: 0,
    };
    notes.set(entity, note);
  }
  return note;
}

/** The note of an entity's diff, where one ran in this context. */
export function diffNoteOf(context: RunContext, entity: Entity): DiffNote | undefined {
  return NOTES.get(context)?.get(entity);
}
