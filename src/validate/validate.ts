import { pickPlaces, placeOf, withPlaces, type Chunk, type Places } from '../flow/chunk.js';
import { OptionsError } from '../core/errors.js';
import { contextOf, type Chunks, type Operator } from '../flow/flow.js';
import { displayKey, type Entity, type RecordOf, type Valid } from '../core/model.js';
import { refuseUnknown, requireFunction, requireOneOf } from '../core/check-options.js';
import { isLeftOut } from './left-out-record.js';
import { refusalOf } from './refused-record.js';
import { stageOf } from '../screening/screening.js';
import type { Rejection } from '../core/rejection.js';
import type { RunContext } from '../flow/run-context.js';
import { createChecker, fieldRules, type Checker } from './record-check.js';
import { textFault } from './okta-text.js';
import type { ValidateOptions } from './validate-options.js';
import { named } from '../flow/stage-order.js';

/** The names of {@link ValidateOptions}. */
export const VALIDATE_OPTION_NAMES: readonly string[] = [
  'required',
  'coerce',
  'unsupportedCharacters',
  'attributes',
  'neverClear',
  'mode',
  'onReject',
];

/**
 * Checks records against Okta's limits (see `LIMITS`). A record that violates a limit is rejected: it is counted, passed
 * to `onReject`, and does not count as removed in `diff`. The rejection contains entity, external id, place and field,
 * but never a value. Valid records pass through unchanged.
 *
 * @throws {@link OptionsError} at once for invalid options. Invalid records never throw.
 */
export function validate<E extends Entity>(
  entity: E,
  options: ValidateOptions = {},
): Operator<RecordOf[E], Valid<E>> {
  requireOneOf('entity', entity, ['users', 'groups', 'memberships']);
  refuseUnknown('validate', options, VALIDATE_OPTION_NAMES);
  requireOneOf('mode', options.mode ?? 'full', ['full', 'delta']);
  if (options.onReject !== undefined) requireFunction('onReject', options.onReject);
  const { unsupportedCharacters } = options;
  if (
    typeof unsupportedCharacters === 'object' &&
    textFault(unsupportedCharacters.replaceWith) !== undefined
  ) {
    throw new OptionsError(
      'unsupportedCharacters.replaceWith',
      'is itself a character that Okta does not accept',
    );
  }
  const check = createChecker(entity, options);
  return named('validate', (source) => {
    const context = contextOf(source);
    if (entity !== 'memberships')
      context.attributes(entity).restrict(fieldRules(entity, options).limits, options.neverClear ?? []);
    return stageOf(
      source,
      (chunks) => validated(entity, chunks, context, check, options.onReject),
      (request) => {
        // Not before another `validate`, which must check every record, or another `map`, which changes the checked records.
        const isFollowed = request.rules !== undefined || request.mapping !== undefined;
        if (entity !== request.entity || options.mode === 'delta' || isFollowed) return undefined;
        const counts = context.counts(entity);
        const onUnchanged = (rows: number) => {
          counts.read += rows;
          counts.accepted += rows;
        };
        return {
          ...request,
          rules: fieldRules(entity, options),
          validation: JSON.stringify(options),
          onUnchanged: [...request.onUnchanged, onUnchanged],
        };
      },
    );
  });
}

async function* validated<E extends Entity>(
  entity: E,
  chunks: Chunks<RecordOf[E]>,
  context: RunContext,
  check: Checker,
  onReject: ((rejection: Rejection) => void) | undefined,
): AsyncGenerator<Chunk<Valid<E>>, void, undefined> {
  const counts = context.counts(entity);
  let drops = false;
  for await (const chunk of chunks) {
    const first = counts.read;
    counts.read += chunk.length;
    const accepted: Valid<E>[] = [];
    const positions: number[] = [];
    for (let i = 0; i < chunk.length; i++) {
      const record: unknown = chunk[i];
      if (isLeftOut(record)) {
        context.leaveOut(entity, record.key);
        continue;
      }
      const verdict = check(chunk[i]);
      if (!('code' in verdict)) {
        accepted.push(verdict.record as Valid<E>);
        positions.push(i);
        continue;
      }
      // A placeholder of a source contains the reason why there is no record.
      const { key, field, code, reason } = refusalOf(chunk[i]) ?? verdict;
      const externalId = key === undefined ? undefined : displayKey(entity, key);
      const rejection = {
        entity,
        externalId,
        ...placeOf(chunk, i, first),
        field,
        code,
        reason,
      };
      context.reject(rejection, key);
      onReject?.(rejection);
    }
    counts.accepted += accepted.length;
    drops ||= accepted.length < chunk.length;
    if (accepted.length > 0)
      yield withPlaces(accepted, drops ? placesFrom(chunk, first, positions) : chunk.places);
  }
}

/** The places of the accepted records, with their positions, which the next stage cannot count after records were left out. */
function placesFrom(chunk: Chunk<unknown>, first: number, accepted: readonly number[]): Places | undefined {
  const places = chunk.places ?? { file: undefined, lines: undefined };
  const positions = places.positions ?? Array.from(chunk.keys(), (i) => first + i + 1);
  return pickPlaces({ ...places, positions }, accepted);
}
