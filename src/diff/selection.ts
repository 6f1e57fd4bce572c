import { OptionsError } from '../core/errors.js';
import { requireNumber } from '../core/check-options.js';
import { ENTITIES, splitMembershipKey, type Change, type Entity } from '../core/model.js';
import { loginOf } from '../fingerprints/login-fingerprints.js';
import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import type { Chunks } from '../flow/flow.js';
import type { RunContext } from '../flow/run-context.js';
import { Reference, type Reading } from '../state/store.js';

/** Options that send a part of the plan. The rest is counted as `unsent`, and stays for the next run. */
export interface SelectionOptions {
  /**
   * Sends only the changes of these users and groups, by external id, with their memberships. The members of a named group are not
   * changed themselves. @defaultValue everything
   */
  readonly only?: readonly string[];
  /**
   * For a trial: sends only the first creations and updates, at most this many, and removes nothing. Users come first, then groups,
   * then memberships. Not together with `only`. @defaultValue everything
   */
  readonly first?: number;
}

/** @throws {@link OptionsError} for the first invalid option */
export function checkSelection({ only, first }: SelectionOptions): void {
  if (first !== undefined) requireNumber('first', first, { min: 1, integer: true });
  if (only === undefined) return;
  if (first !== undefined) throw new OptionsError('only', 'not possible together with first');
  if (!Array.isArray(only) || only.length === 0 || only.some((id) => typeof id !== 'string' || id === ''))
    throw new OptionsError('only', 'expected an array of at least one external id');
}

/**
 * Chooses the changes that the options {@link SelectionOptions} name. A change is left out as well if it needs another one that is left
 * out: a membership of a user or group that would not be in Okta, a login that its holder keeps, and the end of a membership whose
 * member would not get the new one.
 *
 * Absences are not counted: a read of which a part is sent is not a complete run.
 */
export class Selection {
  readonly #ids: ReadonlySet<string> | undefined;
  readonly #most: number;
  readonly #reading: Reading;
  readonly #context: RunContext;
  readonly #counts: NonNullable<RunContext['selection']>;
  /** The users and groups whose changes are chosen. */
  readonly #chosen: Record<'users' | 'groups', Set<string>> = { users: new Set(), groups: new Set() };
  /** The ids of {@link #ids} that a change has. */
  readonly #found = new Set<string>();
  /** Named users of whom a new membership is left out. */
  readonly #lacking = new Set<string>();
  #taken = 0;

  constructor({ only, first }: SelectionOptions, reading: Reading, context: RunContext) {
    this.#ids = only === undefined ? undefined : new Set(only);
    this.#most = first ?? Infinity;
    this.#reading = reading;
    this.#context = context;
    const none = () => ({ users: 0, groups: 0, memberships: 0 });
    this.#counts = context.selection = { unsent: none(), resends: none() };
  }

  /** @throws {@link OptionsError} at the end, for an id that neither a change nor the baseline has */
  async *of(changes: Chunks<Change>): AsyncGenerator<Chunk<Change>, void, undefined> {
    for await (const chunk of changes) {
      const chosen: Change[] = [];
      for (const change of chunk) {
        if (this.#isNamed(change) && (await this.#isPossible(change))) {
          this.#taken++;
          if (change.entity !== 'memberships') this.#chosen[change.entity].add(change.key);
          if (change.created && (await this.#isHeld(change.entity, change.key)))
            this.#counts.resends[change.entity]++;
          chosen.push(change);
        } else this.#counts.unsent[change.entity]++;
      }
      if (chosen.length > 0) yield withoutPlaces(chosen);
    }
    await this.#requireKnown();
    if (ENTITIES.every((entity) => this.#counts.unsent[entity] === 0)) return;
    this.#context.absences.clear();
    this.#context.absencesCountedAt.clear();
  }

  #isNamed({ entity, kind, key }: Change): boolean {
    const ids = this.#ids;
    if (ids === undefined) return kind === 'upsert' && this.#taken < this.#most;
    const { groupExternalId, memberExternalId } =
      entity === 'memberships' ? splitMembershipKey(key) : { groupExternalId: key, memberExternalId: key };
    const named = [groupExternalId, memberExternalId].filter((id) => ids.has(id));
    for (const id of named) this.#found.add(id);
    return named.length > 0;
  }

  /** False if the change needs another one that is left out. */
  async #isPossible(change: Change): Promise<boolean> {
    const { entity, kind, key, dependent } = change;
    if (entity === 'groups') return kind === 'upsert' || !dependent;
    if (entity === 'users') return kind === 'delete' || !dependent || this.#isFree(change);
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    if (kind === 'delete')
      return (
        !dependent || (this.#ids?.has(memberExternalId) === true && !this.#lacking.has(memberExternalId))
      );
    const isPossible =
      (await this.#willBeIn('users', memberExternalId)) && (await this.#willBeIn('groups', groupExternalId));
    if (!isPossible) this.#lacking.add(memberExternalId);
    return isPossible;
  }

  /** True if all others who may have the login of this change in Okta are chosen as well, and so removed or renamed. */
  async #isFree({ key, fingerprint }: Change): Promise<boolean> {
    const login = loginOf(fingerprint?.attributes ?? '');
    const [holders] = login === undefined ? [] : await this.#reading.holders([login]);
    return holders?.every((holder) => holder === key || this.#chosen.users.has(holder)) === true;
  }

  async #willBeIn(entity: 'users' | 'groups', key: string): Promise<boolean> {
    if (this.#chosen[entity].has(key)) return true;
    const [code] = await this.#reading.refer(entity, [key]);
    return code === Reference.HELD;
  }

  async #isHeld(entity: Entity, key: string): Promise<boolean> {
    const [row] = await this.#reading.held(entity, [key]);
    return row !== undefined;
  }

  /** A wrong id must not pass in silence: the person would not be sent. */
  async #requireKnown(): Promise<void> {
    for (const id of this.#ids ?? []) {
      if (this.#found.has(id)) continue;
      if ((await this.#isHeld('users', id)) || (await this.#isHeld('groups', id))) continue;
      throw new OptionsError(
        'only',
        `neither the state nor the accepted records of the sources have a user or group with the id ${JSON.stringify(id)}`,
      );
    }
  }
}
