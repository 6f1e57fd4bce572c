import { ENTITIES } from '../../core/model.js';
import type { EntityReport, Plan } from '../../core/results.js';
import type { FirstDeletions } from '../commands/planned.js';
import type { Flags } from '../settings/resolve-settings.js';
import { deletionLines, type DeletedNames } from './deletions-text.js';
import { formatDuration } from './duration.js';
import { changesList } from '../../core/entity-list.js';
import { approvalLines, tripLines } from './guard-text.js';
import { heldBackLines } from './held-back.js';
import { blankLines, leftOutLines, refusedBeforeLines } from './left-out.js';
import { rejectionLines, shownId } from './rejections.js';
import { unclearedLines } from './uncleared.js';
import { unsentLines } from './unsent.js';
import { columns, count, formatTime, plural, printable, withoutEmpty } from './words.js';

/** The most attributes that the text of a plan names. */
const SHOWN_ATTRIBUTES = 5;

/** What a plan is shown with. */
export interface PlanView {
  /** In milliseconds since the epoch; it gives the latest end. */
  readonly now: number;
  readonly deletions: FirstDeletions;
  readonly plannedFile?: string | undefined;
  readonly names: DeletedNames | undefined;
  /** The flags of the command; the approval repeats them. */
  readonly flags: Flags;
  /** The columns of the terminal; undefined for lines of any length. */
  readonly width: number | undefined;
}

/** A plan as text. */
export function planText(plan: Plan, view: PlanView): string {
  const rejected = sum(plan, 'rejected');
  return [
    ...columns(
      withoutEmpty(
        [
          [
            '',
            'read',
            'unchanged',
            'create',
            'update',
            'delete',
            'rejected',
            'refused',
            'left out',
            'in Okta',
          ],
          ...ENTITIES.flatMap((entity) => {
            const source = plan.sources[entity];
            if (source === undefined) return [];
            const { read, unchanged, creates, updates, deletes, refusedBefore, leftOut } = source;
            const kinds = [creates, updates, deletes, source.rejected, refusedBefore, leftOut];
            return [[entity, ...[read, unchanged, ...kinds, plan.population[entity]].map(count)]];
          }),
        ],
        ['refused', 'left out'],
      ),
      view.width,
    ),
    '',
    sizeText(plan, view.now),
    ...attributeLines(plan),
    ...blankLines(plan.sources),
    ...leftOutLines(plan.sources),
    ...refusedBeforeLines(plan.sources),
    ...idChangeLines(plan),
    ...resendLines(plan),
    ...groupLossLines(plan),
    ...unclearedLines(plan),
    ...spared(plan),
    ...unsentLines(plan.sources),
    ...heldBackLines(plan.heldBackDeletes),
    ...rejectionLines('Rejected', plan.rejections, rejected),
    ...withBlankLine(deletionLines(plan.entities, view.deletions, { ...view, state: 'planned' })),
    '',
    ...verdict(plan, view),
  ].join('\n');
}

function sizeText(plan: Plan, now: number): string {
  const changes = changesList(plan.entities);
  if (changes === undefined) return 'There is nothing to send.';
  const size = `To send: ${changes} in ${plural(plan.requests, 'request')} and ${plural(plan.sessions, 'session')}`;
  if (plan.sessions <= 1) return `${size}.`;
  const { leastMs, mostMs } = plan;
  const until = `until ${formatTime(now + mostMs)}`;
  const [least, most] = [formatDuration(leastMs), formatDuration(mostMs)];
  return least === most
    ? `${size}. Sending takes about ${most}, by the wait between sessions that was learned for this source: ${until}, if it starts now.`
    : `${size}. Sending takes ${least} to ${most}, by the wait that Okta requires between sessions: ${until} at the latest, if it starts now.`;
}

/** The names of the attributes that change most often; never their values. */
function attributeLines({ changedAttributes }: Plan): string[] {
  const most = [...changedAttributes].sort((a, b) => b.updates - a.updates).slice(0, SHOWN_ATTRIBUTES);
  if (most.length === 0) return [];
  const names = most.map(
    ({ entity, attribute, updates }) => `${printable(attribute)} of ${plural(updates, entity.slice(0, -1))}`,
  );
  return [`Attributes that change most: ${names.join(', ')}.`];
}

function idChangeLines({ idChanges: { count: people, examples } }: Plan): string[] {
  if (people === 0) return [];
  const ids = examples.map(({ from, to, onlyIn }) => {
    const only = onlyIn === undefined ? '' : `, which differs only in ${onlyIn.join(' and ')}`;
    return `${shownId(from)} as ${shownId(to)}${only}`;
  });
  const more = people > examples.length ? '; ...' : '';
  return [
    `The same userName under another externalId: ${plural(people, 'user')} (${ids.join('; ')}${more}).`,
  ];
}

function resendLines({ resends }: Plan): string[] {
  const parts = ENTITIES.filter((entity) => resends[entity] > 0).map(
    (entity) => `${count(resends[entity])} ${entity}`,
  );
  if (parts.length === 0) return [];
  return [`Of the creations, sent again because it is not known whether Okta has them: ${parts.join(', ')}.`];
}

function groupLossLines({ groupLosses: { count: groups, examples } }: Plan): string[] {
  if (groups === 0) return [];
  const named = examples.map(
    ({ group, lost, members }) => `${shownId(group)} ${count(lost)} of ${count(members)}`,
  );
  const more = groups > examples.length ? ', ...' : '';
  return [`Groups that lose many members: ${named.join(', ')}${more}.`];
}

function spared({ sources }: Plan): string[] {
  return ENTITIES.flatMap((entity) => {
    const { sparedDeletes = 0 } = sources[entity] ?? {};
    return sparedDeletes === 0
      ? []
      : [
          `Missing from the source but not deleted: ${plural(sparedDeletes, entity.slice(0, -1))} (protected, or not missing for long enough).`,
        ];
  });
}

function verdict(plan: Plan, { flags, width }: PlanView): string[] {
  if (plan.trips.length === 0) return ['The guard accepts this plan.', `Plan hash: ${plan.hash}`];
  return [
    'The guard would stop this plan:',
    ...tripLines(plan.trips),
    ...approvalLines(flags, plan.hash, width),
  ];
}

function sum(plan: Pick<Plan, 'sources'>, field: keyof EntityReport & 'rejected'): number {
  return ENTITIES.reduce((total, entity) => total + (plan.sources[entity]?.[field] ?? 0), 0);
}

function withBlankLine(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}
