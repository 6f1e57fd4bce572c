import { requireFunction, requireNumber } from '../../core/check-options.js';
import { OptionsError } from '../../core/errors.js';
import type { SampleReport } from '../../core/sample-results.js';
import type { EntityReader } from '../../okta/read-one.js';
import type { StateStore } from '../../state/store.js';
import type { ResolvedUploadOptions, UploadOptions } from '../../upload/upload-options.js';
import type { SyncOptions } from '../sync-options.js';
import { ChosenChanges } from './chosen-changes.js';
import { verifySample } from './verify-sample.js';

/** The most changes that are read back, so that the answers fit in memory. */
const MOST = 100_000;

/** The sample of a run: it watches the outcomes of changes, and reads some back when the run is over. */
export interface Sample {
  /** A function for the option `onOutcome` of `upload`, which also calls the given one. */
  watched(onOutcome: UploadOptions['onOutcome']): NonNullable<UploadOptions['onOutcome']>;
  read(state: StateStore, options: ResolvedUploadOptions): Promise<SampleReport>;
}

/** The sample for the option `verifySample`; undefined if it is 0. @throws {@link OptionsError} if it is not possible */
export function sampleOf(options: Pick<SyncOptions, 'okta' | 'verifySample' | 'random'>): Sample | undefined {
  const { okta, random = Math.random } = options;
  const bounds = { min: 0, max: MOST, integer: true };
  const size = requireNumber('verifySample', options.verifySample ?? 0, bounds);
  requireFunction('random', random);
  if (size === 0) return undefined;
  if (!readsEntities(okta))
    throw new OptionsError('verifySample', 'the client has no getUser, getGroup and getMemberships');
  const changes = new ChosenChanges(size, random);
  return {
    watched: (onOutcome) => (outcomes) => {
      changes.add(outcomes);
      onOutcome?.(outcomes);
    },
    read: (state, resolved) => verifySample(okta, state, changes, resolved),
  };
}

function readsEntities(okta: Partial<EntityReader>): okta is EntityReader {
  const calls = [okta.getUser, okta.getGroup, okta.getMemberships];
  return calls.every((call) => typeof call === 'function');
}
