import { pickPlaces, placesOf, withPlaces, type Places } from '../chunk.js';
import { OptionsError } from '../errors.js';
import { contextOf, flowOf, type Operator } from '../flow.js';
import type { AttributeLimit } from '../limits.js';
import { displayKey, type Entity, type RecordOf } from '../model.js';
import { refuseUnknown, requireFunction, requireOneOf } from '../options.js';
import { refusalOf } from '../refused.js';
import { recordShape } from '../record-cells.js';
import { screenedOf, withScreened, type OpenScreened } from '../row-screen.js';
import type { Rejection, RunContext } from '../run-context.js';
import { openObjects } from '../screened-objects.js';
import { createChecker, fieldRules, type Checker } from './record-check.js';
import { textFault } from './text.js';

/** Options of {@link validate}. */
export interface ValidateOptions {
  /**
   * Attributes that every profile must have, not null.
   * @defaultValue `['userName', 'email']` for users, `['displayName']` for groups
   */
  readonly required?: readonly string[];
  /**
   * Turns numbers and booleans into strings. Okta takes strings only.
   * @defaultValue `false`: such a value is rejected
   */
  readonly coerce?: boolean | { readonly numbers?: boolean; readonly booleans?: boolean };
  /**
   * What becomes of characters beyond U+FFFF (emoji and the like), which Okta does not take.
   * @defaultValue `'reject'`
   */
  readonly unsupportedCharacters?: 'reject' | { readonly replaceWith: string };
  /** Limits of further attributes, as the identity source's own schema declares them. */
  readonly attributes?: Readonly<Record<string, AttributeLimit>>;
  /**
   * `delta` lets records marked `deleted: true` pass, which need no profile; in a `full` read such a record is rejected.
   * @defaultValue `'full'`
   */
  readonly mode?: 'full' | 'delta';
  /** Called with every rejected record. What it throws ends the run. */
  readonly onReject?: (rejection: Rejection) => void;
}

const KNOWN_OPTIONS = ['required', 'coerce', 'unsupportedCharacters', 'attributes', 'mode', 'onReject'];

/**
 * Holds records to the service's limits (see `LIMITS`). A record that breaks one is rejected: named by entity,
 * external id, place and field, never by a value; counted; handed to `onReject`; and not taken for a removed one by
 * `diff`. Good records pass through as they are.
 *
 * @throws {@link OptionsError} at once for bad options. Bad records never throw.
 */
export function validate<E extends Entity>(
  entity: E,
  options: ValidateOptions = {},
): Operator<RecordOf[E], RecordOf[E]> {
  requireOneOf('entity', entity, ['users', 'groups', 'memberships']);
  refuseUnknown('validate', options, KNOWN_OPTIONS);
  requireOneOf('mode', options.mode ?? 'full', ['full', 'delta']);
  if (options.onReject !== undefined) requireFunction('onReject', options.onReject);
  const { unsupportedCharacters } = options;
  if (
    typeof unsupportedCharacters === 'object' &&
    textFault(unsupportedCharacters.replaceWith) !== undefined
  ) {
    throw new OptionsError(
      'unsupportedCharacters.replaceWith',
      'is itself a character that Okta does not take',
    );
  }
  const check = createChecker(entity, options);
  return (source) => {
    const context = contextOf(source);
    const { onReject } = options;
    const open = screenedOf<RecordOf[E]>(source);
    const openRecords = openObjects(source, (first) => recordShape(entity, first));
    const screened: OpenScreened<RecordOf[E]> = (request) => {
      // Of two stages that validate each must see what the other lets pass.
      const isSecond = request.rules !== undefined && request.raw === undefined;
      // What is mapped after it was checked is not what the limits were held to.
      const isMappedAfter = request.fields !== undefined && request.raw === undefined;
      if (entity !== request.entity || options.mode === 'delta' || isSecond || isMappedAfter)
        return undefined;
      const counts = context.counts(entity);
      const onSettled = (rows: number) => {
        counts.read += rows;
        counts.accepted += rows;
      };
      const asked = {
        ...request,
        rules: fieldRules(entity, options),
        onSettled: [...request.onSettled, onSettled],
      };
      // Where nobody knows what records are made of, they can still be told as what they are.
      const rows = open?.(asked) ?? openRecords(asked);
      return rows && validated(entity, rows, context, check, onReject);
    };
    return withScreened(
      flowOf(() => validated(entity, source.chunks(), context, check, onReject), context),
      screened,
    );
  };
}

async function* validated<E extends Entity>(
  entity: E,
  chunks: AsyncIterable<readonly RecordOf[E][]>,
  context: RunContext,
  check: Checker,
  onReject: ((rejection: Rejection) => void) | undefined,
): AsyncGenerator<readonly RecordOf[E][], void, undefined> {
  const counts = context.counts(entity);
  let rejects = false;
  for await (const chunk of chunks) {
    const places = placesOf(chunk);
    const first = counts.read;
    counts.read += chunk.length;
    const accepted: RecordOf[E][] = [];
    const positions: number[] = [];
    for (let i = 0; i < chunk.length; i++) {
      const verdict = check(chunk[i]);
      if (!('code' in verdict)) {
        accepted.push(verdict.record as RecordOf[E]);
        positions.push(i);
        continue;
      }
      // What a source could not make a record of says itself why.
      const { key, field, code, reason } = refusalOf(chunk[i]) ?? verdict;
      const externalId = key === undefined ? undefined : displayKey(entity, key);
      const rejection = {
        entity,
        externalId,
        file: places?.file,
        line: places?.lines?.[i],
        position: places?.positions?.[i] ?? first + i + 1,
        field,
        code,
        reason,
      };
      context.reject(rejection, key);
      onReject?.(rejection);
    }
    counts.accepted += accepted.length;
    rejects ||= accepted.length < chunk.length;
    if (accepted.length > 0)
      yield withPlaces(accepted, rejects ? placesFrom(chunk, first, positions) : places);
  }
}

/** The places of the records that are accepted: once one was rejected, the next stage cannot count where they stand. */
function placesFrom(
  chunk: readonly unknown[],
  first: number,
  accepted: readonly number[],
): Places | undefined {
  const places = placesOf(chunk) ?? { file: undefined, lines: undefined };
  const positions = places.positions ?? Array.from(chunk.keys(), (i) => first + i + 1);
  return pickPlaces({ ...places, positions }, accepted);
}
