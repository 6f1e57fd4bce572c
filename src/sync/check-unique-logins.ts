import { refuseUnknown, requireBoolean } from '../core/check-options.js';
import { OptionsError } from '../core/errors.js';

/** @throws {@link OptionsError} for a value of `uniqueLogins` that is not valid */
export function checkUniqueLogins(value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    requireBoolean('uniqueLogins', value ?? false);
    return;
  }
  refuseUnknown('uniqueLogins', value, ['follow']);
  const { follow = [] } = value as { readonly follow?: unknown };
  const isName = (name: unknown) => typeof name === 'string' && name !== '' && name !== 'userName';
  if (!Array.isArray(follow) || !follow.every(isName))
    throw new OptionsError('uniqueLogins.follow', 'expected names of attributes other than userName');
}
