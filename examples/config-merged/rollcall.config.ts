/**
 * The command line over two sources as one: where both have a person, the HR export has precedence for each column, and the list of
 * contractors adds what HR leaves empty, and the people whom HR does not have.
 *
 *     npx rollcall plan --config examples/config-merged/rollcall.config.ts
 */
import { fileURLToPath } from 'node:url';
import { fromCsv, type CsvRow } from 'rollcall';
import { defineConfig } from 'rollcall/config';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/**
 * The rows of several sources by their id; for each column, the first source that has a value for it wins. The rows are in memory. A row
 * without an id, and a second row with one id in the same source, stay as they are, so that rollcall rejects them with their reason.
 */
async function* merged(id: string, sources: readonly AsyncIterable<CsvRow>[]): AsyncGenerator<CsvRow> {
  const people = new Map<string, CsvRow>();
  for (const source of sources) {
    const seen = new Set<string>();
    for await (const row of source) {
      const key = row[id] ?? '';
      if (key === '' || seen.has(key)) {
        yield row;
        continue;
      }
      seen.add(key);
      const known = people.get(key) ?? {};
      const filled = Object.entries(known).filter(([, value]) => value !== '');
      people.set(key, { ...row, ...Object.fromEntries(filled) });
    }
  }
  yield* people.values();
}

export default defineConfig({
  // A function, because the mapping reads the people a second time for their memberships.
  users: () => merged('number', [fromCsv(file('hr.csv')), fromCsv(file('contractors.csv'))]),
  map: {
    users: {
      externalId: 'number',
      profile: {
        userName: 'mail',
        email: 'mail',
        firstName: 'first',
        lastName: 'last',
        mobilePhone: 'phone',
      },
    },
    groups: { from: 'memberships' },
    memberships: { from: 'users', groups: { column: 'team' } },
  },
});
