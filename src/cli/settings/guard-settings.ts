import { setting } from './setting.js';
import { number, onOff } from './setting-kinds.js';

const PERCENT = { min: 0, max: 100 };
const COUNT = { min: 0, integer: true };

/** The limits of the guard. */
export const GUARD_SETTINGS = Object.freeze({
  maxDeletePercent: setting(
    '--max-delete-percent',
    number(PERCENT),
    'guard: the most deletions, in percent of the entities in Okta that are not protected',
    { fallback: '20' },
  ),
  maxWeekDeletePercent: setting(
    '--max-week-delete-percent',
    number(PERCENT),
    'guard: the most deletions of this plan and of the last seven days together, in percent',
    { fallback: 'that of --max-delete-percent' },
  ),
  minDeletes: setting(
    '--min-deletes',
    number(COUNT),
    'guard: this many deletions are allowed whatever their share',
    { fallback: '5' },
  ),
  maxDeletes: setting('--max-deletes', number(COUNT), 'guard: the most deletions', { fallback: 'no limit' }),
  maxUpdatePercent: setting(
    '--max-update-percent',
    number(PERCENT),
    'guard: the most updates, in percent of the entities in Okta',
    { fallback: '50' },
  ),
  minUpdates: setting(
    '--min-updates',
    number(COUNT),
    'guard: this many updates are allowed whatever their share',
    { fallback: '5' },
  ),
  maxEmptiedPercent: setting(
    '--max-emptied-percent',
    number(PERCENT),
    'guard: the most people or groups that lose the text of one attribute, in percent of those in Okta',
    { fallback: '20' },
  ),
  minEmptied: setting(
    '--min-emptied',
    number(COUNT),
    'guard: this many may lose the text of an attribute whatever their share',
    { fallback: '5' },
  ),
  maxUpdates: setting('--max-updates', number(COUNT), 'guard: the most updates', { fallback: 'no limit' }),
  maxCreates: setting('--max-creates', number(COUNT), 'guard: the most creations', { fallback: 'no limit' }),
  maxIdChanges: setting(
    '--max-id-changes',
    number(COUNT),
    'guard: the most people who come back under another external id (same userName)',
    { fallback: '3' },
  ),
  maxGroupLossPercent: setting(
    '--max-group-loss-percent',
    number(PERCENT),
    'guard: the most members that one group may lose, in percent of its members',
    { fallback: '50' },
  ),
  minGroupLosses: setting(
    '--min-group-losses',
    number(COUNT),
    'guard: each group may lose this many members whatever their share',
    { fallback: '20' },
  ),
  maxHeldBackDays: setting(
    '--max-held-back-days',
    number({ min: 0 }),
    'guard: the most days for which deletions may be held back',
    { fallback: '7' },
  ),
  maxMissingFiles: setting(
    '--max-missing-files',
    number(COUNT),
    'guard: by how many files an input may have fewer than at the last complete run',
    { fallback: '0' },
  ),
  minLeftOut: setting(
    '--min-left-out',
    number(COUNT),
    'guard: a condition (when) that left out more rows than this at the last complete run must not leave out none',
    { fallback: '5' },
  ),
  maxRejectPercent: setting(
    '--max-reject-percent',
    number(PERCENT),
    'guard: the most rejected records, in percent of the records read',
    { fallback: '5' },
  ),
  minRejects: setting(
    '--min-rejects',
    number(COUNT),
    'guard: --max-reject-percent applies only from this number of rejected records on',
    { fallback: '20' },
  ),
  allowEmpty: setting(
    '--allow-empty',
    onOff(),
    'guard: accept a source without records, even if Okta has entities',
    { fallback: 'off' },
  ),
});
