import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK } from './support.js';

/** A CSV of thirty users, of whom the first ten have this department. */
const csv = (department: string, header = 'department') =>
  [
    `externalId,userName,email,${header}`,
    ...Array.from(
      { length: 30 },
      (_, i) => `u${i},u${i}@x.example,u${i}@x.example,${i < 10 ? department : ''}`,
    ),
    '',
  ].join('\n');

describe('an attribute that becomes empty for many people', () => {
  it('stops the plan, whether it has no values or no column any more, but not where it never had one', async () => {
    const cwd = await directory();
    const held = await org();
    const run = (command: string, name: string, ...more: string[]) =>
      cli(cwd, [command, '--users', name, ...more], { env: envOf(held) });
    await files(cwd, {
      '1.csv': csv('Sales'),
      '2.csv': csv(''),
      '3.csv': csv('Sales', 'title'),
      '4.csv': csv('x'),
    });
    expect((await run('sync', '1.csv', ...QUICK)).code).toBe(0);
    const stopped = 'would lose their department; the limit is 20 %; has the source still its values?';
    for (const name of ['2.csv', '3.csv']) {
      const { code, out } = await run('plan', name);
      expect([code, out]).toEqual([3, expect.stringContaining(`33.3 % of the 30 users ${stopped}`)]);
    }
    const json = await run('plan', '2.csv', '--json');
    expect(json.out).toContain('"rule":"emptiedPercent"');
    expect((await run('plan', '4.csv')).code).toBe(0);
    expect((await run('plan', '2.csv', '--max-emptied-percent', '40')).code).toBe(0);
    expect((await run('plan', '2.csv', '--min-emptied', '10')).code).toBe(0);
    // The new column is empty for everybody else, who never had it.
    const lines = csv('Sales').split('\n');
    await files(cwd, {
      '5.csv': lines.map((line, i) => line && line + (i === 0 ? ',room' : ',')).join('\n'),
    });
    expect((await run('plan', '5.csv', '--max-update-percent', '100')).code).toBe(0);
  });
});
