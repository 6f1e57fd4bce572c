import { hasPassword, isPostgresUrl } from '../../state/postgres/postgres-url.js';
import { text, Unexpected, type Kind } from './setting-kinds.js';

/** The place of a state: a directory, or the address of a state in PostgreSQL. Only a variable may contain a password. */
export function stateKind(): Kind<string> {
  const place = text('place', true);
  const read = (value: unknown): string => withoutPassword(place.read(value));
  return { ...place, parse: read, parseVariable: (value) => place.parse(value), read };
}

/** @throws Unexpected for an address with a password, which every process could read in a flag. The message does not contain it */
export function withoutPassword(place: string): string {
  if (!isPostgresUrl(place) || !hasPassword(place)) return place;
  throw new Unexpected(
    'an address without a password; set PGPASSWORD, or PGPASSWORD_FILE or PGPASSFILE to a file with it, or set ROLLCALL_STATE to the address',
  );
}
