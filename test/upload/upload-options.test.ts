import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { silent } from '../../src/events/events.js';
import {
  resolveUploadOptions,
  UPLOAD_OPTION_NAMES,
  type UploadOptions,
} from '../../src/upload/upload-options.js';

describe('options of an upload', () => {
  it('have the defaults that they are documented with', () => {
    expect(resolveUploadOptions({})).toEqual({
      cooldownMs: 300_000,
      cooldownMinMs: 0,
      pollIntervalMs: 2000,
      patienceMs: 900_000,
      pollTimeoutMs: 3_600_000,
      requestsPerSession: 50,
      sessionsInFlight: 2,
      loadsInFlight: 4,
      foreignSession: 'fail',
      leaveSession: false,
      signal: undefined,
      clock: systemClock,
      events: silent,
      onOutcome: undefined,
    });
  });

  it('each has a name that is known', () => {
    expect([...UPLOAD_OPTION_NAMES].sort()).toEqual(Object.keys(resolveUploadOptions({})).sort());
  });

  it('are taken as they are given, up to their bounds', () => {
    const given: UploadOptions[] = [
      { cooldownMs: 0, pollIntervalMs: 1, pollTimeoutMs: 0, requestsPerSession: 1, sessionsInFlight: 1 },
      { cooldownMs: 86_400_000, pollIntervalMs: 3_600_000, requestsPerSession: 50, sessionsInFlight: 10 },
      { foreignSession: 'fail' },
      { foreignSession: 'cancel' },
      { foreignSession: 'adopt' },
      { onOutcome: () => undefined },
      { signal: new AbortController().signal },
    ];
    for (const options of given) expect(resolveUploadOptions(options)).toMatchObject(options);
  });

  it.each<[keyof UploadOptions | 'cooldown', unknown]>([
    ['cooldownMs', -1],
    ['cooldownMs', 86_400_001],
    ['cooldownMinMs', -1],
    ['cooldownMinMs', 300_001],
    ['pollIntervalMs', 0],
    ['pollIntervalMs', 3_600_001],
    ['pollTimeoutMs', -1],
    ['requestsPerSession', 0],
    ['requestsPerSession', 51],
    ['requestsPerSession', 1.5],
    ['loadsInFlight', 0],
    ['loadsInFlight', 51],
    ['sessionsInFlight', 0],
    ['sessionsInFlight', 11],
    ['sessionsInFlight', 1.5],
    ['foreignSession', 'steal'],
    ['onOutcome', 'yes'],
    ['cooldown', 5],
  ])('%s: %s is refused at once', (option, value) => {
    expect(() => resolveUploadOptions({ [option]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_ROLLCALL_OPTIONS', option }),
    );
  });
});
