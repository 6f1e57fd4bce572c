import { AbortedError } from '../../core/errors.js';
import { ENTITIES, splitMembershipKey } from '../../core/model.js';
import type { SampleOutcome, SampleReport } from '../../core/sample-results.js';
import type { Difference } from '../../core/verify-results.js';
import { RecordDifferences } from '../../fingerprints/record-differences.js';
import type { EntityReader, OktaEntity } from '../../okta/read-one.js';
import { doubtMembershipsOf } from '../../state/ended-parents.js';
import { UNKNOWN, type Held, type StateStore } from '../../state/store.js';
import { callOptions } from '../../upload/upload-context.js';
import type { ResolvedUploadOptions } from '../../upload/upload-options.js';
import type { ChosenChange, ChosenChanges } from './chosen-changes.js';
import { readSample, type Answers } from './read-sample.js';

/** The pause before a difference is read again, because Okta's answers may be outdated. */
const READ_AGAIN_MS = 3000;
const MOST_EXAMPLES = 20;

interface Finding {
  readonly change: ChosenChange;
  readonly outcome: SampleOutcome;
  readonly attributes: readonly string[];
}

/**
 * Reads some of the confirmed changes back from Okta. A difference counts if Okta answers so twice. Then the row of what is missing, and of
 * what is still there after its deletion, becomes unknown, so that the next sync sends it again, and so do the memberships of a
 * missing user or group; this never happens while a session is in flight. A row of which only values differ stays as it is, because Okta's own rules may change values after every import.
 */
export async function verifySample(
  okta: EntityReader,
  state: StateStore,
  changes: ChosenChanges,
  options: ResolvedUploadOptions,
): Promise<SampleReport> {
  const { chosen, confirmed } = changes;
  if (chosen.length > 0) options.events.emit({ type: 'sample:start', changes: chosen.length });
  const notes = new Set<string>();
  const call = callOptions(options);
  const held = await heldOf(state, chosen);
  const judge = (answers: Answers) => judgeAll(chosen, held, answers, state.fingerprintKey);
  const read = (some: readonly ChosenChange[]) => readSample(okta, some, call, (text) => notes.add(text));

  const answers = await read(chosen);
  const first = judge(answers).filter(isDifference);
  for (const { change } of first) answers.delete(change);
  if (first.length > 0) {
    if (!(await slept(options))) notes.add('not all was read back: the run was aborted');
    else
      for (const [change, answer] of await read(first.map(({ change }) => change)))
        answers.set(change, answer);
  }
  const findings = judge(answers);
  const differences = findings.filter(isDifference);
  const foundNone = [...answers].every(([{ kind }, answer]) => kind === 'delete' || answer === undefined);
  if (foundNone && differences.some(({ outcome }) => outcome === 'missing')) notes.add(FOUND_NONE);
  return {
    confirmed,
    counts: countsOf(findings),
    differences: differences.length,
    examples: differences.slice(0, MOST_EXAMPLES).map(differenceOf),
    repaired: await repair(state, differences),
    notes: [...notes],
  };
}

const FOUND_NONE =
  'Okta has nothing of what was read back: it is missing, or Okta does not offer these calls for this identity source; rollcall verify reads it in another way';

/** The rows of the chosen changes, as the run left them. */
async function heldOf(
  state: StateStore,
  chosen: readonly ChosenChange[],
): Promise<ReadonlyMap<ChosenChange, Held | undefined>> {
  const held = new Map<ChosenChange, Held | undefined>();
  const reading = await state.read();
  try {
    for (const entity of ENTITIES) {
      const mine = chosen.filter((change) => change.entity === entity);
      const keys = mine.map(({ key }) => key);
      const rows = keys.length === 0 ? [] : await reading.held(entity, keys);
      for (const [i, change] of mine.entries()) held.set(change, rows[i]);
    }
  } finally {
    await reading.close();
  }
  return held;
}

function judgeAll(
  chosen: readonly ChosenChange[],
  held: ReadonlyMap<ChosenChange, Held | undefined>,
  answers: Answers,
  fingerprintKey: string,
): Finding[] {
  const differences = new RecordDifferences(fingerprintKey);
  return chosen.map((change) => {
    if (!answers.has(change)) return { change, outcome: 'undetermined', attributes: [] };
    return { change, ...judgeOne(change, held.get(change), answers.get(change), differences) };
  });
}

function judgeOne(
  { entity, kind, key }: ChosenChange,
  row: Held | undefined,
  found: OktaEntity | undefined,
  differences: RecordDifferences,
): Omit<Finding, 'change'> {
  const outcome = (value: SampleOutcome, attributes: readonly string[] = []) => ({
    outcome: value,
    attributes,
  });
  // The run changed the row again, so Okta's answer says nothing about this change.
  if (kind === 'delete' ? row !== undefined : row?.kind !== 'confirmed') return outcome('undetermined');
  if (kind === 'delete') {
    if (found === undefined) return outcome('same');
    return outcome(entity === 'users' ? 'undetermined' : 'foreign');
  }
  if (found === undefined) return outcome('missing');
  if (entity === 'memberships' || row?.kind !== 'confirmed') return outcome('same');
  const names = differences.of(entity, { externalId: key, profile: found.profile }, row.fingerprint);
  return names === undefined ? outcome('same') : outcome('differing', names);
}

function isDifference({ outcome }: Finding): boolean {
  return outcome === 'missing' || outcome === 'differing' || outcome === 'foreign';
}

/** Makes the rows unknown of which it is not known any more that Okta has what the state says. Returns their number. */
async function repair(state: StateStore, differences: readonly Finding[]): Promise<number> {
  const doubted = differences.filter(({ outcome }) => outcome !== 'differing');
  if (doubted.length === 0 || (await state.journal.open()).length > 0) return 0;
  const missing = new Set(
    doubted
      .filter(({ change: { entity }, outcome }) => entity !== 'memberships' && outcome === 'missing')
      .map(({ change: { entity, key } }) => `${entity} ${key}`),
  );
  if (missing.size > 0)
    await doubtMembershipsOf(
      state,
      ({ groupExternalId, memberExternalId }) =>
        missing.has(`users ${memberExternalId}`) || missing.has(`groups ${groupExternalId}`),
    );
  await state.adopt(doubted.map(({ change: { entity, key } }) => ({ entity, key, held: UNKNOWN })));
  return doubted.length;
}

/** Waits before differences are read again; false if the run was aborted. */
async function slept({ clock, signal }: ResolvedUploadOptions): Promise<boolean> {
  try {
    await clock.sleep(READ_AGAIN_MS, signal);
    return true;
  } catch (error) {
    if (error instanceof AbortedError) return false;
    throw error;
  }
}

function countsOf(findings: readonly Finding[]): SampleReport['counts'] {
  const counts = { same: 0, missing: 0, differing: 0, foreign: 0, undetermined: 0 };
  for (const { outcome } of findings) counts[outcome]++;
  return counts;
}

function differenceOf({ change: { entity, key }, outcome, attributes }: Finding): Difference {
  const status = outcome as 'missing' | 'differing' | 'foreign';
  if (entity !== 'memberships') return { entity, status, externalId: key, attributes };
  const { groupExternalId, memberExternalId } = splitMembershipKey(key);
  return { entity, status, externalId: groupExternalId, memberExternalId, attributes };
}
