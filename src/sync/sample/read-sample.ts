import { AbortedError, RollcallError } from '../../core/errors.js';
import { ENTITIES, membershipKey, splitMembershipKey, type Entity } from '../../core/model.js';
import { mapAhead } from '../../flow/map-ahead.js';
import { refusal } from '../../okta/read-back.js';
import { findMembers, type EntityReader, type OktaEntity } from '../../okta/read-one.js';
import type { CallOptions } from '../../okta/wire.js';
import type { ChosenChange } from './chosen-changes.js';

/** Requests at the same time; the client's own limit may be lower. */
const REQUESTS = 4;

/** What Okta answered for a change: the entity, or undefined if Okta does not know it. */
export type Answers = Map<ChosenChange, OktaEntity | undefined>;

/**
 * Reads changes back from Okta, each group with its members once. Changes that could not be read are not in the answers; then `note`
 * receives the reason, once for each kind of entity. It never rejects.
 */
export async function readSample(
  okta: EntityReader,
  changes: readonly ChosenChange[],
  options: CallOptions,
  note: (text: string) => void,
): Promise<Answers> {
  const answers: Answers = new Map();
  for (const entity of ENTITIES) {
    const mine = changes.filter((change) => change.entity === entity);
    try {
      if (entity === 'memberships') await readMembers(okta, mine, options, answers);
      else await readSingle(okta, entity, mine, options, answers);
    } catch (error) {
      note(reasonOf(error, entity));
      if (error instanceof AbortedError) break;
    }
  }
  return answers;
}

async function readSingle(
  okta: EntityReader,
  entity: 'users' | 'groups',
  changes: readonly ChosenChange[],
  options: CallOptions,
  answers: Answers,
): Promise<void> {
  const read = async (change: ChosenChange) => {
    const found =
      entity === 'users' ? await okta.getUser(change.key, options) : await okta.getGroup(change.key, options);
    answers.set(change, found);
  };
  for await (const _ of mapAhead(changes, REQUESTS, read));
}

async function readMembers(
  okta: EntityReader,
  changes: readonly ChosenChange[],
  options: CallOptions,
  answers: Answers,
): Promise<void> {
  const groups = new Map<string, ChosenChange[]>();
  for (const change of changes) {
    const { groupExternalId } = splitMembershipKey(change.key);
    const others = groups.get(groupExternalId);
    if (others === undefined) groups.set(groupExternalId, [change]);
    else others.push(change);
  }
  const read = async ([group, ofGroup]: [string, ChosenChange[]]) => {
    const wanted = ofGroup.map(({ key }) => splitMembershipKey(key).memberExternalId);
    const found = await findMembers(okta, group, wanted, options);
    const keys = new Set(Array.from(found, (member) => membershipKey(group, member)));
    for (const change of ofGroup) answers.set(change, keys.has(change.key) ? { profile: {} } : undefined);
  };
  for await (const _ of mapAhead(groups, REQUESTS, read));
}

/** Why changes could not be read back. An error that is not ours may have data in its message. */
function reasonOf(error: unknown, entity: Entity): string {
  const refused = refusal(error, `single ${entity}`, 'okta.identitySources.read');
  if (refused !== undefined) return refused.message;
  const reason = error instanceof RollcallError ? error.message : 'an unknown failure';
  return `${entity} were not all read back: ${reason}`;
}
