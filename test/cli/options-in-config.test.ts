import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/settings/config-file.js';
import {
  clientOptions,
  comparisonOptions,
  guardOptions,
  sendingOptions,
  validateOptions,
} from '../../src/cli/settings/library-options.js';
import { ENTITIES } from '../../src/core/model.js';
import { ABSENCE_OPTION_NAMES } from '../../src/diff/absence-rules.js';
import { GUARD_LIMIT_NAMES } from '../../src/guard/guard-limits.js';
import { CLIENT_OPTION_NAMES } from '../../src/okta/client-options.js';
import { SYNC_OPTION_NAMES } from '../../src/sync/sync-options.js';
import { UPLOAD_OPTION_NAMES } from '../../src/upload/upload-options.js';
import { VALIDATE_OPTION_NAMES } from '../../src/validate/validate.js';
import { EVERY_SETTING } from './every-setting.js';

const OF_THE_PROGRAM = 'a function or an object of the program';

/** The options of the library that no config file says, and why. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  guard: {},
  absence: {},
  validate: {
    attributes: 'limits of attributes that Okta checks itself, and names in its answer',
    neverClear: 'the setting neverClear, for which the mapping is needed as well',
    mode: 'that of sync',
    onReject: OF_THE_PROGRAM,
  },
  upload: {
    leaveSession: 'for one run only: the flag --leave-session',
    signal: OF_THE_PROGRAM,
    clock: OF_THE_PROGRAM,
    events: OF_THE_PROGRAM,
    onOutcome: OF_THE_PROGRAM,
  },
  client: {
    orgUrl: 'the setting orgUrl, which the state can have as well',
    identitySourceId: 'the setting identitySource, which the state can have as well',
    auth: 'a secret: from the environment only',
    ca: 'the setting ca, a file that is read first',
    proxy: 'from the environment, as for other programs',
    transport: OF_THE_PROGRAM,
    clock: OF_THE_PROGRAM,
    random: OF_THE_PROGRAM,
    onWait: OF_THE_PROGRAM,
    userAgent: 'the name of the program',
  },
  sync: {
    users: 'the setting users',
    groups: 'the setting groups',
    memberships: 'the setting memberships',
    state: 'the setting state',
    guard: 'compared above',
    validate: 'compared above',
    onCreate: 'the mapping: "onCreate": true',
    uniqueLogins: 'the mapping: "unique": true',
    resend: 'for one run only: the flag --resend',
    only: 'for one run only: the flag --only',
    first: 'for one run only: the flag --first',
    approve: 'for one run only: the flag --approve',
    retryOwed: 'for one run only: the flag --retry-owed',
    screening: 'changes no result; the environment variable ROLLCALL_SCREENING turns it off',
    verifySample: 'the setting verifySample',
    okta: OF_THE_PROGRAM,
    onReject: OF_THE_PROGRAM,
    onEvent: OF_THE_PROGRAM,
    onPlanned: OF_THE_PROGRAM,
    random: OF_THE_PROGRAM,
    watermark: OF_THE_PROGRAM,
  },
};

/** The options of `sync` that are not those of `upload`. */
const OF_SYNC = SYNC_OPTION_NAMES.filter((name) => !UPLOAD_OPTION_NAMES.includes(name));

/** A config file with every setting. */
const config = parseConfig(JSON.stringify(EVERY_SETTING), 'rollcall.config.json');
const { settings } = config;

describe('an option of the library', () => {
  it.each([
    ['guard', GUARD_LIMIT_NAMES, guardOptions(config)],
    ['absence', ABSENCE_OPTION_NAMES, comparisonOptions(settings).absence ?? {}],
    ['validate', VALIDATE_OPTION_NAMES, validateOptions(settings, 'users')],
    ['upload', UPLOAD_OPTION_NAMES, sendingOptions(settings)],
    ['client', CLIENT_OPTION_NAMES, clientOptions(settings)],
    ['sync', OF_SYNC, comparisonOptions(settings)],
  ] as const)('of %s can be said in the config file, or there is a reason why not', (place, names, said) => {
    const limitsOfOne: readonly string[] = place === 'guard' ? ENTITIES : [];
    const all = [...Object.keys(said), ...Object.keys(EXCEPTIONS[place] ?? {})];
    expect(all.filter((name) => !limitsOfOne.includes(name)).sort()).toEqual([...names].sort());
  });
});
