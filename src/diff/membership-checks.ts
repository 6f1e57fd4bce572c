import { withoutPlaces, type Chunk } from '../flow/chunk.js';
import type { RunContext } from '../flow/run-context.js';
import { splitMembershipKey, type Change, type MembershipRecord } from '../core/model.js';
import type { HashedKeys } from '../fingerprints/hashed-keys.js';
import { Seen, type Reading } from '../state/store.js';
import type { Difference } from './difference.js';
import { absentOf, checkReferences } from './membership-references.js';
import type { Rejections } from './rejections.js';
import { similarIdText } from './similar-ids.js';
import { runReferences, type ReferenceIds } from './run-references.js';

/** The most rejections for which similar ids are looked up. */
const MOST_EXPLAINED = 20;

/** Users and groups by id, which may not be changed. */
export type ReadonlyReferenceIds = Readonly<Record<keyof ReferenceIds, ReadonlySet<string>>>;

/** The effects that the users and groups of a run have on memberships. */
export class MembershipChecks {
  /** Users and groups that this run removes; memberships that name them are left out. */
  removed: ReadonlyReferenceIds | undefined;
  /** The members who get a membership in this run; undefined if the baseline has no membership that could end. */
  gaining: HashedKeys | undefined;
  readonly #reading: Reading;
  readonly #context: RunContext;
  readonly #rejections: Rejections;
  readonly #mixed: boolean;
  /** Rejections for which similar ids were looked up. */
  #explained = 0;

  constructor(reading: Reading, context: RunContext, rejections: Rejections, mixed: boolean) {
    this.#reading = reading;
    this.#context = context;
    this.#rejections = rejections;
    this.#mixed = mixed;
  }

  /**
   * Leaves out memberships of users and groups that this run removes, or that a condition leaves out and earlier runs removed. Adds
   * their indexes to `dropped`. They are not marked as present, so that their deletion is sent too. If the user or group comes
   * back, the membership is sent again.
   */
  async leaveOutRemoved(chunk: Chunk<MembershipRecord>, dropped: Set<number>): Promise<void> {
    const { removed } = this;
    const gone = await this.#goneIn(chunk);
    for (const [i, { groupExternalId, memberExternalId }] of chunk.entries()) {
      if (dropped.has(i)) continue;
      if (
        removed?.users.has(memberExternalId) !== true &&
        removed?.groups.has(groupExternalId) !== true &&
        !gone.users.has(memberExternalId) &&
        !gone.groups.has(groupExternalId)
      )
        continue;
      dropped.add(i);
      this.#rejections.leaveOut();
    }
  }

  /** The users and groups of memberships that a condition leaves out, and that are not in Okta. */
  async #goneIn(chunk: Chunk<MembershipRecord>): Promise<ReadonlyReferenceIds> {
    const gone = (entity: 'users' | 'groups', ids: readonly string[]) =>
      absentOf(
        this.#reading,
        entity,
        ids.filter((id) => this.#context.isLeftOutByCondition(entity, id)),
      );
    return {
      users: await gone(
        'users',
        chunk.map(({ memberExternalId }) => memberExternalId),
      ),
      groups: await gone(
        'groups',
        chunk.map(({ groupExternalId }) => groupExternalId),
      ),
    };
  }

  /** Users and groups that this run creates or removes. A screen never reports their memberships as unchanged. */
  get changedReferences(): ReadonlyReferenceIds {
    const { removed } = this;
    const { created } = runReferences(this.#reading);
    return {
      users: new Set([...created.users, ...(removed?.users ?? [])]),
      groups: new Set([...created.groups, ...(removed?.groups ?? [])]),
    };
  }

  /** Makes confirmed memberships unknown whose user or group this run creates: Okta removed them with it. */
  sendAgain(chunk: Chunk<MembershipRecord>, codes: Uint8Array): void {
    for (const i of this.ofCreated(chunk)) if (codes[i] === Seen.SAME) codes[i] = Seen.UNKNOWN;
  }

  /** The indexes of memberships whose user or group this run creates. */
  ofCreated(chunk: Chunk<MembershipRecord>): readonly number[] {
    const { created } = runReferences(this.#reading);
    if (created.users.size + created.groups.size === 0) return [];
    return Array.from(chunk.keys()).filter((i) => {
      const { groupExternalId, memberExternalId } = chunk[i] as MembershipRecord;
      return created.users.has(memberExternalId) || created.groups.has(groupExternalId);
    });
  }

  /** The memberships that can be sent. The others are rejected or left out, because their user or group is not in Okta. */
  async sendable(differences: readonly Difference[]): Promise<Difference[]> {
    if (differences.length === 0) return [];
    const verdicts = await checkReferences(
      this.#reading,
      differences.map(({ change }) => change),
    );
    const kept: Difference[] = [];
    for (const [i, difference] of differences.entries()) {
      const verdict = verdicts[i];
      const { change } = difference;
      if (verdict === 'unknown-user' || verdict === 'unknown-group')
        await this.#refuse(difference, verdict === 'unknown-user');
      else if (this.#namesLeftOut(change)) this.#rejections.leaveOut();
      else if (verdict === 'new' && this.#waits(change))
        kept.push({ ...difference, change: { ...change, dependent: true } });
      else kept.push(difference);
    }
    for (const { change } of kept) this.gaining?.add(splitMembershipKey(change.key).memberExternalId);
    return kept;
  }

  /**
   * True for a membership of a user or group that a condition leaves out and that stays in Okta for now: it must not get a new membership.
   * One that it has stays until the user or group is removed.
   */
  #namesLeftOut({ key }: Change): boolean {
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    const { leftOut } = runReferences(this.#reading);
    return leftOut.users.has(memberExternalId) || leftOut.groups.has(groupExternalId);
  }

  /**
   * Makes the deletion of a membership dependent if its member gets another one, so that nobody who moves is without both. Called
   * when all upserts are known.
   */
  afterGains(chunk: Chunk<Change>): Chunk<Change> {
    const { gaining } = this;
    if (gaining === undefined) return chunk;
    return withoutPlaces(
      chunk.map((change) => {
        if (change.kind === 'upsert') return change;
        const { groupExternalId, memberExternalId } = splitMembershipKey(change.key);
        if (!gaining.has(memberExternalId)) return change;
        runReferences(this.#reading).leftByMovers.add(groupExternalId);
        return { ...change, dependent: true };
      }),
    );
  }

  /** True if a membership of a new user or group must be sent after the session that creates it. */
  #waits({ key }: Change): boolean {
    if (!this.#mixed) return true;
    return runReferences(this.#reading).late.has(splitMembershipKey(key).memberExternalId);
  }

  async #refuse({ change: { key }, place }: Difference, isUser: boolean): Promise<void> {
    const { groupExternalId, memberExternalId } = splitMembershipKey(key);
    const context = this.#context;
    if (context.isLeftOut('users', memberExternalId) || context.isLeftOut('groups', groupExternalId)) {
      this.#rejections.leaveOut();
      return;
    }
    const [code, noun, field] = isUser
      ? ['UNKNOWN_USER', 'user', 'memberExternalId']
      : ['UNKNOWN_GROUP', 'group', 'groupExternalId'];
    const similar = await this.#similar(
      isUser ? 'users' : 'groups',
      isUser ? memberExternalId : groupExternalId,
    );
    const reason = `names a ${noun} that has no valid record in the source and is not in Okta${similar}`;
    this.#rejections.reject(key, place, { code, reason, field });
  }

  /** The end of the reason, if a similar id exists. Only the first rejections have one: if ids differ, they all do. */
  async #similar(entity: 'users' | 'groups', id: string): Promise<string> {
    if (this.#explained >= MOST_EXPLAINED) return '';
    this.#explained++;
    const text = await similarIdText(this.#reading, entity, id);
    return text === undefined ? '' : `; ${text}`;
  }
}
