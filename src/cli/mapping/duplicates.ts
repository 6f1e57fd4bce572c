import { RecordError } from '../../core/errors.js';
import { displayKey, type Entity } from '../../core/model.js';
import type { Flow } from '../../flow/flow.js';
import { unlessBlank } from './blank-rows.js';
import { Fault, type Row } from './cells.js';
import type { DuplicateRule } from './duplicate-rule.js';
import { DuplicateTable } from './duplicate-table.js';

/** Says of each row of one read whether it counts: true, or false for a duplicate, or why that cannot be decided. */
export type Decide = (row: Row) => boolean | Fault;

/** Decides which row of each id of one input counts. For `last` and `newest` it needs a read before the others. */
export class Duplicates {
  readonly #entity: Entity;
  readonly #rule: DuplicateRule;
  readonly #keyOf: (row: Row) => string | undefined;
  #table: DuplicateTable | undefined;

  /** @param keyOf - the key of a row in a state; undefined if the row is rejected in any case */
  constructor(entity: Entity, rule: DuplicateRule, keyOf: (row: Row) => string | undefined) {
    this.#entity = entity;
    this.#rule = rule;
    this.#keyOf = keyOf;
  }

  /** True if {@link load} must be called before rows are decided. */
  get needsRead(): boolean {
    return this.#rule.kind === 'last' || this.#rule.kind === 'newest';
  }

  /** Reads the input, and notes which row of each id counts. */
  async load(open: () => Flow<Row>): Promise<void> {
    if (!this.needsRead || this.#table !== undefined) return;
    const table = new DuplicateTable();
    const rows = open();
    let number = 0;
    const add = unlessBlank(rows, (row) => {
      const id = this.#keyOf(row);
      number++;
      if (id !== undefined)
        table.add(id, number, this.#rule.kind === 'last' ? number : this.#rule.timeOf(row));
    });
    for await (const chunk of rows.chunks()) chunk.forEach((row) => add(row));
    this.#table = table;
  }

  /** Decides the rows of one read, from the first on, without the blank ones. */
  reader(): Decide {
    const { kind } = this.#rule;
    const seen = new DuplicateTable();
    let number = 0;
    return (row) => {
      const id = this.#keyOf(row);
      number++;
      // Such a row is rejected in any case.
      if (id === undefined) return true;
      if (this.needsRead) return this.#verdict(id, number);
      const isNew = seen.add(id, number, 0);
      if (!isNew && kind === 'fail') throw this.#duplicate(id);
      return isNew;
    };
  }

  #verdict(id: string, number: number): boolean | Fault {
    const verdict = (this.#table as DuplicateTable).verdict(id, number);
    if (verdict !== 'undecided') return verdict === 'kept';
    return new Fault(
      'DUPLICATE',
      `has several rows, and it cannot be said which is the newest: one has no time, or two have the same (${this.#rule.place})`,
    );
  }

  #duplicate(id: string): RecordError {
    return new RecordError(
      this.#entity,
      `${this.#entity} ${displayKey(this.#entity, id)}: several rows have this id, which the mapping does not allow (${this.#rule.place})`,
    );
  }
}
