import { OptionsError } from '../../core/errors.js';

/** The parts of the address of a state that are not those of the driver. */
export interface StateUrl {
  /** The address for the driver. */
  readonly url: string;
  /** The server, the database and the state without the user and the password, for messages. */
  readonly shown: string;
  readonly schema: string | undefined;
  readonly name: string | undefined;
}

/** True for the address of a state in PostgreSQL, such as `postgres://host/database`. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/** True if an address contains a password, in any of the places where the driver looks for one. */
export function hasPassword(url: string): boolean {
  if (!URL.canParse(url)) return /^[^/]*:\/\/[^/@]*:[^/@]*@/.test(url) || /[?&]password=/i.test(url);
  const { password, searchParams } = new URL(url);
  return password !== '' || [...searchParams.keys()].some((name) => /^(password|sslpassword)$/i.test(name));
}

/** An address without its user, its password and its parameters, but with the schema and the name of the state. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'postgres://';
  const { host, pathname, searchParams } = new URL(url);
  const own = ['schema', 'state'].flatMap((name) => {
    const value = searchParams.get(name) ?? '';
    return value === '' ? [] : [`${name}=${value}`];
  });
  return `postgres://${host || 'localhost'}${pathname}${own.length === 0 ? '' : `?${own.join('&')}`}`;
}

/**
 * Takes the address of a state apart: `postgres://user@host:port/database?schema=rollcall&state=hr`. Other parameters are for the driver.
 *
 * @throws {@link OptionsError} without the address, which may contain a password
 */
export function parseStateUrl(text: string): StateUrl {
  if (!isPostgresUrl(text) || !URL.canParse(text))
    throw new OptionsError('state', 'expected an address such as postgres://user@host:5432/database');
  const url = new URL(text);
  const take = (name: string) => {
    const values = url.searchParams.getAll(name);
    if (values.length > 1 || values[0] === '')
      throw new OptionsError('state', `the parameter ${name} of the address must have one value`);
    url.searchParams.delete(name);
    return values[0];
  };
  const [schema, name] = [take('schema'), take('state')];
  return { url: url.href, shown: shownUrl(text), schema, name };
}
