import type { Entity } from '../core/model.js';
import { UNKNOWN, type AdoptedRow, type Reading, type StateStore } from '../state/store.js';

/** The most rows that are written together. */
const ROWS_AT_A_TIME = 1000;

/** Makes rows of a state unknown, so that the next sync sends them again. Rows that the state does not have are sent anyway. */
export class Repair {
  /** The number of rows that are unknown now. */
  rows = 0;
  readonly #state: StateStore;
  readonly #reading: Reading;
  #pending: { readonly entity: Entity; readonly key: string }[] = [];

  /** @param reading - a reading of the state */
  constructor(state: StateStore, reading: Reading) {
    this.#state = state;
    this.#reading = reading;
  }

  async doubt(entity: Entity, key: string): Promise<void> {
    this.#pending.push({ entity, key });
    if (this.#pending.length >= ROWS_AT_A_TIME) await this.flush();
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    const rows: AdoptedRow[] = [];
    for (const { entity, key } of pending) {
      const [held] = await this.#reading.held(entity, [key]);
      if (held?.kind === 'confirmed') rows.push({ entity, key, held: UNKNOWN });
    }
    await this.#state.adopt(rows);
    this.rows += rows.length;
  }
}
