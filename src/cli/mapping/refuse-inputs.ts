import { OptionsError } from '../../core/errors.js';
import { modeOf, type Modes } from '../../core/mode.js';
import { ENTITIES, type Entity } from '../../core/model.js';
import { quoted } from '../../core/visible.js';
import type { Lookup } from './lookups.js';
import { isListed, type Mapping } from './mapping.js';
import type { InputSpec } from '../inputs/inputs.js';

/** The inputs of a run. */
export type MappedInputs = Readonly<Partial<Record<Entity, InputSpec>>>;

/** @throws {@link OptionsError} for an input that the mapping does not use */
export function refuseUseless({ groups, memberships }: Mapping, inputs: MappedInputs): void {
  if (isListed(memberships) && inputs.memberships !== undefined)
    throw new OptionsError(
      '--memberships',
      `the mapping creates memberships from the ${memberships.kind}; remove this input, or change the mapping`,
    );
  if (groups.kind === 'memberships' && inputs.groups !== undefined)
    throw new OptionsError(
      '--groups',
      'the mapping creates groups from the memberships; remove this input, or change the mapping',
    );
}

/** @throws {@link OptionsError} for a source that is a feed in part only, and for a mark of removal in a source that is none */
export function refuseModes(mapping: Mapping, mode: Modes | undefined): void {
  const { groups, memberships } = mapping;
  for (const entity of ENTITIES) {
    const rule = mapping[entity];
    if (rule.kind === 'rows' && rule.deleted !== undefined && modeOf(mode, entity) === 'full')
      throw new OptionsError(
        '--mode',
        `the mapping of ${entity} has "deleted", which needs the mode ${entity}=delta`,
      );
  }
  if (groups.kind === 'memberships' && modeOf(mode, 'groups') === 'delta')
    throw new OptionsError(
      '--mode',
      'the mapping creates groups from the memberships, which do not say that a group is deleted; use groups=full with an input of groups',
    );
  if (groups.kind === 'memberships' && modeOf(mode, 'memberships') === 'delta')
    throw new OptionsError(
      '--mode',
      'the mapping creates groups from the memberships, so a feed of memberships would delete the groups that it does not name; use an input of groups',
    );
  if (isListed(memberships) && modeOf(mode, 'memberships') === 'delta')
    throw new OptionsError(
      '--mode',
      `the mapping creates memberships from the ${memberships.kind}; a feed of them does not say which memberships end`,
    );
  if (isListed(memberships) && modeOf(mode, memberships.kind) === 'delta')
    throw new OptionsError(
      '--mode',
      `the mapping creates memberships from the ${memberships.kind}; with a feed of them, all memberships that it does not name would end`,
    );
}

/** The input of a lookup. @throws {@link OptionsError} if there is none */
export function inputOfLookup(
  { name, place }: Lookup,
  inputs: MappedInputs,
  others: Readonly<Record<string, InputSpec>> = {},
): InputSpec {
  const all: Readonly<Record<string, InputSpec>> = { ...others, ...inputs };
  const input = Object.hasOwn(all, name) ? all[name] : undefined;
  if (input !== undefined) return input;
  throw new OptionsError(
    'lookups',
    `the mapping looks up ${quoted(name)} (${place}), and there is no such input; declare it in "lookups" of the config file`,
  );
}
