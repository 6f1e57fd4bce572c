import { basename } from 'node:path';
import type { RowInFlight, Touching } from '../../sync/trace/rows-in-flight.js';
import type { Explained, ExplainReport, OktaAnswer } from '../commands/explanation.js';
import { tripLines } from './guard-text.js';
import { rejectionText } from './rejections.js';
import { shellWord } from './shell.js';
import { plural, printable } from './words.js';

const RESULTS = Object.freeze({
  record: '',
  leftOut: ': left out by a condition of the mapping',
  notMapped: ': the mapping has an error for it',
});

const PHASES: Readonly<Record<RowInFlight['phase'], string>> = Object.freeze({
  creating: 'being created',
  loading: 'being loaded',
  triggering: 'about to be imported',
  triggered: 'being imported',
  cancelling: 'being cancelled',
});

/** The outcome of `explain`, as text. */
export function explainText({ id, loginIn, found, explained, inFlight, trips }: ExplainReport): string {
  const { sessions, rows, touching } = inFlight;
  return [
    ...(loginIn === undefined
      ? []
      : [
          `The login is that of ${printable(id)} (in ${loginIn.map((place) => (place === 'Okta' ? place : `the ${place}`)).join(', ')}).`,
        ]),
    ...explained.map((one) => explainedText(id, one)),
    ...(!found && loginIn === undefined && id.includes('@')
      ? [`If this is a login and not an id: rollcall explain ${shellWord(id)} --login`]
      : []),
    ...(sessions === 0
      ? []
      : [
          [
            `${plural(sessions, 'session')} with ${plural(rows, 'row')} in flight: the next sync settles ${sessions === 1 ? 'it' : 'them'} first, and may then find another result.`,
            ...touchingLines(touching),
          ].join('\n'),
        ]),
    ...(trips.length === 0
      ? []
      : [['The guard would stop the whole plan before anything is sent:', ...tripLines(trips)].join('\n')]),
  ].join('\n\n');
}

function explainedText(id: string, one: Explained): string {
  const { entity, places, matches, rejections, state, similar, okta, next } = one;
  const lines = [`${entity} ${printable(id)}`];
  const add = (name: string, text: string) => lines.push(`  ${name.padEnd(9)}${text}`);
  if (places === undefined) add('source', `no source of ${entity} is given`);
  else if (places.length === 0) add('source', 'not in it');
  for (const { file, line, position, result, attributes = [] } of places ?? []) {
    const name = file === undefined ? `record ${position}` : printable(basename(file));
    add('source', `${name}${line === undefined ? '' : `:${line}`}${RESULTS[result]}`);
    if (attributes.length > 0)
      add(
        'mapping',
        attributes
          .map(({ name: attribute, length }) =>
            length === null ? `${attribute} (cleared)` : `${attribute} (${plural(length, 'character')})`,
          )
          .map(printable)
          .join(', '),
      );
  }
  const more = matches - (places?.length ?? 0);
  if (more > 0) add('source', `and in ${plural(more, 'more place')}`);
  if (places?.some(({ result }) => result === 'record')) {
    if (rejections.length === 0) add('validate', 'accepted');
  }
  for (const rejection of rejections) add('validate', rejectionText(rejection));
  add('state', stateText(state));
  add('Okta', oktaText(okta));
  // The answer of the call that reads one user has no status.
  if (entity === 'users' && okta.found === true)
    add('', 'whether the user is active is not known here; "rollcall verify" reads it');
  add('next', `A sync ${next.reason}.`);
  if (next.action === 'nothing' && state.row === 'confirmed' && isOutOfStep(okta))
    add(
      '',
      `to send it again: rollcall sync --resend ${entity === 'memberships' ? 'with the id of the user' : shellWord(id)}`,
    );
  for (const text of similar) add('similar', text);
  return lines.join('\n');
}

/** The rows in flight that touch the id. */
function touchingLines({ count, first }: Touching): string[] {
  if (count === 0) return ['  none of these rows is of this id'];
  return [
    ...first.map(({ sessionId, phase, entity, kind, id }) => {
      const what = `${kind} of ${entity.slice(0, -1)} ${id}`;
      return printable(`  ${what}, in session ${sessionId ?? '(without an id)'}, which is ${PHASES[phase]}`);
    }),
    ...(count > first.length ? [`  and ${plural(count - first.length, 'more row')}`] : []),
  ];
}

/** True if Okta has not what the source has, although it confirmed the record. */
function isOutOfStep(okta: OktaAnswer): boolean {
  return okta.found === false || (okta.found === true && okta.differing.length > 0);
}

function stateText({ row, absences, refusedBefore }: Explained['state']): string {
  const found = {
    confirmed: 'confirmed by Okta',
    unknown: 'unknown: the outcome of its last upload is not known',
    none: 'not in it',
  }[row];
  return [
    found,
    ...(absences > 0 ? [`missing from the last ${plural(absences, 'complete read')}`] : []),
    ...(refusedBefore ? ['Okta refused its record in every session of an earlier run'] : []),
  ].join('; ');
}

function oktaText(answer: OktaAnswer): string {
  if (answer.found === 'unknown') return `not read: ${printable(answer.why)}`;
  if (!answer.found) return 'does not have it';
  const { attributes, differing } = answer;
  const has = attributes.length === 0 ? 'has it' : `has it, with ${attributes.map(printable).join(', ')}`;
  return differing.length === 0
    ? has
    : `${has}; differs from the source: ${differing.map(printable).join(', ')}`;
}
