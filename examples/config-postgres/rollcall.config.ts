/**
 * The command line over PostgreSQL, for what a config file in JSON cannot say: here a login is made of a name by a function. All rows
 * come from one snapshot, over one connection, which closes before the first request to Okta.
 *
 *     psql "$HR_DATABASE_URL" -f examples/data/company.sql
 *     npx rollcall plan --config examples/config-postgres/rollcall.config.ts
 */
import { map, pipe, toGroup, toMembership } from 'rollcall';
import { defineConfig } from 'rollcall/config';
import { openPostgres, type TextRow } from 'rollcall/sources';

const USERS =
  'SELECT employee_id, email, given_name, family_name, department FROM people WHERE left_on IS NULL';
const GROUPS = 'SELECT team_id AS "externalId", name AS "displayName", purpose AS description FROM teams';
const MEMBERSHIPS = `
  SELECT team_id AS "groupExternalId", employee_id AS "memberExternalId"
  FROM team_members JOIN people USING (employee_id) WHERE left_on IS NULL`;

// Nothing is opened before the first row is read.
const hr = openPostgres({ url: process.env['HR_DATABASE_URL'] ?? 'postgres://127.0.0.1/test' });

/** The login is the part of the address before the @ at the company's domain. */
function person({ employee_id, email, given_name, family_name, department }: TextRow) {
  const userName = email?.toLowerCase().replace(/@.*$/, '@example.com');
  const profile = { userName, email, firstName: given_name, lastName: family_name, department };
  return { externalId: employee_id, profile };
}

export default defineConfig({
  users: pipe(hr.rows(USERS), map(person)),
  groups: pipe(hr.rows(GROUPS), map(toGroup)),
  memberships: pipe(hr.rows(MEMBERSHIPS), map(toMembership)),
  maxDeletePercent: 10,
});
