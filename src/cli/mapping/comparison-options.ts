import type { DirectoryOptions } from '../../sync/directory-changes.js';
import type { ValidateOptions } from '../../validate/validate-options.js';
import type { Mapping } from './mapping.js';
import type { ValueRule } from './values.js';

/** Options of a comparison that come from the mapping. */
export type ComparisonOptions = Pick<DirectoryOptions, 'validate' | 'onCreate' | 'uniqueLogins'>;

/** Options of a comparison that come from elsewhere. */
interface GivenOptions {
  /** Attributes that are never cleared, besides those that the mapping leaves out. */
  readonly neverClear?: readonly string[] | undefined;
  /** Other options of `validate`. */
  readonly validate?: Readonly<Record<'users' | 'groups', ValidateOptions>>;
}

/** The options that a mapping has for its values. */
export function comparisonOptions(mapping: Mapping, given: GivenOptions): ComparisonOptions {
  return { ...validateOptions(mapping, given), ...onCreate(mapping), ...uniqueLogins(mapping) };
}

/** The option `uniqueLogins`. */
function uniqueLogins({ users }: Mapping): Pick<ComparisonOptions, 'uniqueLogins'> {
  if (namesOf(users, ({ isUnique }) => isUnique === true).length === 0) return {};
  const follow = namesOf(users, ({ isFollowing }) => isFollowing === true);
  return { uniqueLogins: follow.length === 0 ? true : { follow } };
}

/** The option `validate`, with the attributes that are never cleared. */
function validateOptions(
  mapping: Mapping,
  { validate, neverClear = [] }: GivenOptions,
): Pick<ComparisonOptions, 'validate'> {
  const of = (entity: 'users' | 'groups') => {
    const leftAlone = namesOf(mapping[entity], ({ isLeftAlone }) => isLeftAlone === true);
    const names = [...leftAlone, ...neverClear];
    const options = { ...validate?.[entity], ...(names.length > 0 && { neverClear: names }) };
    return Object.keys(options).length === 0 ? {} : { [entity]: options };
  };
  const both = { ...of('users'), ...of('groups') };
  return Object.keys(both).length === 0 ? {} : { validate: both };
}

/** The option `onCreate`. */
function onCreate(mapping: Mapping): Pick<ComparisonOptions, 'onCreate'> {
  const of = (entity: 'users' | 'groups') => {
    const names = namesOf(mapping[entity], ({ isOnCreate }) => isOnCreate === true);
    return names.length === 0 ? {} : { [entity]: names };
  };
  const both = { ...of('users'), ...of('groups') };
  return Object.keys(both).length === 0 ? {} : { onCreate: both };
}

/** The attributes whose rule has a property. */
function namesOf(rule: Mapping['users' | 'groups'], has: (value: ValueRule) => boolean): string[] {
  if (rule.kind === 'identity') return [];
  return Array.from(rule.profile).flatMap(([name, value]) => (has(value) ? [name] : []));
}
