import { throwIfAborted } from '../core/clock.js';
import type { Entity } from '../core/model.js';
import type { EventSink } from '../events/events.js';

/** Records between two progress events. */
const PROGRESS_STEP = 10_000;

/** Counts the records of an entity that were read, and emits an event after every {@link PROGRESS_STEP}. */
export class ReadingProgress {
  #read = 0;
  #emitted = 0;

  constructor(
    private readonly entity: Entity,
    private readonly events: EventSink,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Adds records. @throws {@link AbortedError} if the run is aborted */
  readonly add = (records: number): void => {
    throwIfAborted(this.signal);
    this.#read += records;
    if (this.#read - this.#emitted < PROGRESS_STEP) return;
    this.#emitted = this.#read;
    this.events.emit({ type: 'source:progress', entity: this.entity, read: this.#read });
  };
}
