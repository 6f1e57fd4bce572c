import { resolve } from 'node:path';
import { OptionsError } from '../../core/errors.js';
import type { Entity } from '../../core/model.js';
import type { PlannedChange } from '../../core/planned-change.js';
import { PlannedFile } from '../../report/planned-file.js';
import type { Flags } from '../settings/resolve-settings.js';
import type { CliContext } from '../process/io.js';

/** The most deletions of each entity that a command lists. */
const SHOWN_DELETIONS = 20;

/** The most deletions of each entity whose names are read. */
const NAMED_DELETIONS = 500;

/** The first deletions of a plan, by entity. */
export type FirstDeletions = Readonly<Record<Entity, readonly PlannedChange[]>>;

/** The attributes that `--names` allows to be shown: words, or one word with commas. @throws {@link OptionsError} if it names none */
function nameColumns(names: Flags[string]): readonly string[] | undefined {
  if (names === undefined) return undefined;
  const columns = [names]
    .flat()
    .flatMap((word) => String(word).split(','))
    .map((name) => name.trim());
  if (columns.includes(''))
    throw new OptionsError('--names', 'expected names of attributes in Okta, such as firstName department');
  return columns;
}

/** What a command does with the changes of its plan: it lists the first deletions, and writes all changes into the file of `--changes`. */
export class Planned {
  /** The attributes of `--names`. */
  readonly columns: readonly string[] | undefined;
  readonly #deletions = { users: [], groups: [], memberships: [] } as Record<Entity, PlannedChange[]>;
  readonly #changes: PlannedFile | undefined;
  /** Another receiver of the changes: the report. */
  report: ((changes: readonly PlannedChange[]) => void) | undefined;
  readonly #file: string | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isComplete = false;

  /** @throws {@link OptionsError} if `--changes` names a file of another format, or `--names` nothing */
  constructor({ changes, names }: Flags, { cwd }: Pick<CliContext, 'cwd'>) {
    this.columns = nameColumns(names);
    if (changes === undefined) return;
    this.#file = String(changes);
    const [, format] = /\.(csv|jsonl)$/i.exec(this.#file) ?? [];
    if (format === undefined)
      throw new OptionsError('--changes', 'expected the name of a file that ends in .csv or .jsonl');
    this.#changes = new PlannedFile(resolve(cwd, this.#file), format.toLowerCase() as 'csv' | 'jsonl');
  }

  /** Those that are listed on the terminal. */
  get deletions(): FirstDeletions {
    const { users, groups, memberships } = this.#deletions;
    const first = (changes: readonly PlannedChange[]) => changes.slice(0, SHOWN_DELETIONS);
    return { users: first(users), groups: first(groups), memberships: first(memberships) };
  }

  /** Those whose names can be read. */
  get named(): FirstDeletions {
    return this.#deletions;
  }

  /** Receives changes: the option `onPlanned`. */
  readonly add = (changes: readonly PlannedChange[]): void => {
    for (const change of changes) {
      const first = this.#deletions[change.entity];
      if (change.action === 'delete' && first.length < NAMED_DELETIONS) first.push(change);
    }
    this.#changes?.add(changes);
    this.report?.(changes);
  };

  /** The plan is complete, so the file is as well: it gets its name, whatever becomes of the plan. Never throws. */
  complete(): void {
    if (this.#isComplete) return;
    this.#isComplete = true;
    try {
      this.#changes?.file.seal();
      this.#changes?.file.commit();
    } catch (error) {
      this.#failure = { error };
      this.#changes?.file.discard();
    }
  }

  /**
   * Ends the file. That of a plan that never was complete is removed.
   * @returns the line that names the file
   * @throws {@link OutputError} if it could not be written
   */
  finish(): string | undefined {
    if (!this.#isComplete) this.#changes?.file.discard();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#changes === undefined || !this.#isComplete) return undefined;
    return `All changes: ${this.#file}`;
  }
}
