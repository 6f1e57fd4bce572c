import type { OktaClient } from '../../src/okta/wire.js';
import type { DirectoryClient } from '../../src/okta/directory-client.js';

type Okta = OktaClient & DirectoryClient;

/** The same client, with some calls replaced. */
export function replaced(okta: Okta, calls: Partial<Okta>): Okta {
  const get = (_: Okta, name: keyof Okta): unknown => {
    const value: unknown = (name in calls ? calls : okta)[name];
    return typeof value === 'function' ? (value as () => unknown).bind(okta) : value;
  };
  return new Proxy<Okta>(okta, { get: get as (target: Okta, name: string | symbol) => unknown });
}
