import { quoted } from '../../core/visible.js';
import type { SchemaAttribute } from '../../okta/directory-client.js';
import { nearest } from '../text/nearest.js';
import { plural } from '../text/words.js';
import type { AttributeUses } from './attribute-use.js';
import { fault, ok, type Check } from './check.js';

const NAME = 'schema';
const EDIT =
  'Add the attribute to the profile of the identity source (Directory > Profile Editor), or correct the mapping.';

/** Compares the attributes of users with the schema of the identity source: one fault for each attribute that does not fit. */
export function checkSchema(schema: readonly SchemaAttribute[], uses: AttributeUses): Check[] {
  const names = schema.map(({ name }) => name);
  const faults = [
    ...uses
      .names()
      .filter((name) => !names.includes(name))
      .map((name) => fault(NAME, `Okta has no attribute ${quoted(name)}${nearest(name, names)}`, EDIT)),
    ...schema.flatMap((attribute) => misuses(attribute, uses)),
  ];
  if (faults.length > 0) return faults;
  const known = plural(schema.length, 'attribute');
  const used = uses.names().length;
  return [ok(NAME, used === 0 ? known : `${known}; the ${used} that the users have fit`)];
}

function misuses({ name, type, required, maxLength }: SchemaAttribute, uses: AttributeUses): Check[] {
  const use = uses.get(name);
  const lacking = uses.records - (use?.records ?? 0);
  const isUnmapped = use === undefined && uses.names().length > 0;
  const found: Check[] = [];
  if (required && (lacking > 0 || isUnmapped)) {
    const who = uses.records === 0 ? 'the mapping does not name it' : `${plural(lacking, 'user')} without it`;
    found.push(
      fault(NAME, `${quoted(name)} is required: ${who}`, 'Map a column to it, or make it optional in Okta.'),
    );
  }
  if (use === undefined) return found;
  if (type !== undefined && type !== 'string')
    found.push(
      fault(
        NAME,
        `${quoted(name)} has the type ${type}: only strings can be sent`,
        'Leave it out of the mapping.',
      ),
    );
  if (maxLength !== undefined && use.longest > maxLength)
    found.push(
      fault(
        NAME,
        `${quoted(name)} may have ${plural(maxLength, 'character')}; the longest value has ${use.longest}`,
        'Shorten it in the source or the mapping, or allow more in Okta.',
      ),
    );
  return found;
}
