import { ENTITIES } from '../../core/model.js';
import type { ActiveSession, PendingSession, StatusReport } from '../commands/command-reports.js';
import { formatDuration } from './duration.js';
import { isPartial, type Undone } from '../commands/undone.js';
import { entityList } from '../../core/entity-list.js';
import { outcomeText, type LastRun } from '../commands/last-run.js';
import { count, formatTime, plural, printable } from './words.js';

/** The outcome of `status`, as text: a title on the left, its lines on the right. */
export function statusText(status: StatusReport): string {
  return [
    ...section('State', stateLines(status)),
    ...(status.baseline === undefined ? [] : section('Baseline', baselineLines(status.baseline))),
    ...(status.condition === 'ready' ? section('Last run', lastRunLines(status)) : []),
    ...(status.pending === undefined ? [] : section('In flight', pendingLines(status.pending))),
    ...section('Okta', sessionLines(status)),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${(i === 0 ? title : '').padEnd(10)} ${line}`);
}

function stateLines({ state, condition, heldBy, target }: StatusReport): string[] {
  if (condition === 'new') return [`${state}: does not exist yet; the first plan or sync creates it`];
  if (heldBy !== undefined) {
    return [`${state}: in use by process ${heldBy.pid} on ${heldBy.host} since ${formatTime(heldBy.since)}`];
  }
  if (target === undefined) return [`${state}: nothing has been sent yet`];
  return [`${state}`, `belongs to ${target.orgUrl}, identity source ${target.identitySourceId}`];
}

function baselineLines(baseline: NonNullable<StatusReport['baseline']>): string[] {
  const held = ENTITIES.map((entity) => `${count(baseline[entity].known)} ${entity}`).join(', ');
  const unknown = ENTITIES.filter((entity) => baseline[entity].unknown > 0).map(
    (entity) => `${count(baseline[entity].unknown)} ${entity}`,
  );
  return [
    `Okta confirmed ${held}`,
    ...(unknown.length > 0
      ? [`outcome unknown for ${unknown.join(', ')}; the next sync sends them again`]
      : []),
  ];
}

function lastRunLines({ lastRun, remembered = 0 }: StatusReport): string[] {
  if (lastRun === undefined) return ['none'];
  const { startedAt, endedAt, exitCode, code, undone } = lastRun;
  const took = formatDuration(endedAt.getTime() - startedAt.getTime());
  const why = code === undefined ? '' : ` [${code}]`;
  return [
    `${formatTime(startedAt)}, ${took}: ${outcomeText(exitCode)}${why}; ${confirmedText(lastRun)}`,
    ...(undone === undefined || !isPartial(undone) ? [] : undoneLines(undone, remembered)),
  ];
}

/** What a run confirmed, and what it left; the records of earlier versions have only sums. */
function confirmedText({ confirmed, confirmedByEntity, remaining = 0, remainingByEntity }: LastRun): string {
  const list = (byEntity: LastRun['confirmedByEntity'], sum: number) =>
    byEntity === undefined ? plural(sum, 'change') : (entityList((entity) => byEntity[entity]) ?? 'nothing');
  const rest = remaining === 0 ? '' : `, ${list(remainingByEntity, remaining)} not confirmed`;
  return `${confirmed === 0 ? 'nothing' : list(confirmedByEntity, confirmed)} confirmed${rest}`;
}

function undoneLines({ rejected, refused, heldBack, unsent, owed }: Undone, remembered: number): string[] {
  const parts = [
    [rejected, `${plural(rejected, 'record')} rejected`],
    [refused, `${plural(refused, 'record')} refused by Okta`],
    [heldBack, `${plural(heldBack, 'deletion')} held back`],
    [unsent, `${plural(unsent, 'change')} not selected`],
    [owed, `${plural(owed, 'record')} of feeds owed`],
  ] as const;
  const left = parts.filter(([n]) => n > 0).map(([, text]) => text);
  const undone = `left undone: ${left.join(', ')}; the next sync tries again`;
  if (remembered === 0) return [undone];
  return [
    `${undone}, except`,
    `${plural(remembered, 'record')} with which each session failed: not sent again until the record changes, or --resend names it`,
  ];
}

function pendingLines(pending: readonly PendingSession[]): string[] {
  if (pending.length === 0) return ['nothing'];
  return pending.map(
    ({ sessionId, phase, acknowledged, loads, rows }) =>
      `session ${printable(sessionId ?? '(without an id)')}: ${phase}, ${acknowledged} of ${plural(loads, 'request')} acknowledged, ${plural(rows, 'change')}`,
  );
}

function sessionLines({ sessions }: StatusReport): string[] {
  if (sessions === undefined)
    return ['not checked: the credentials, the org or the identity source are not set'];
  return sessions.length === 0 ? ['no active session'] : sessions.map(sessionText);
}

function sessionText({ sessionId, status, created, ours }: ActiveSession): string {
  const since = created === undefined ? '' : ` since ${printable(created)}`;
  return `session ${printable(sessionId)}: ${status}${since}${ours ? '' : ', not created by this state'}`;
}
