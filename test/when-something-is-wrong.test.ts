import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cli, directory, files } from './cli/support.js';

const page = readFileSync(
  join(fileURLToPath(new URL('..', import.meta.url)), 'docs/when-something-is-wrong.md'),
  'utf8',
);

/** The commands of the page, each with what it says that they print. */
const symptoms = Array.from(
  page.matchAll(/^```sh wrong\nrollcall (.*)\n```\n\n```text\n([^]*?)\n```$/gm),
  ([, command, message]) => ({ command: command as string, message: message as string }),
);

const HEADER = 'externalId,userName,email,firstName,lastName';

describe('docs/when-something-is-wrong.md', () => {
  it('has a message for every command', () => {
    expect(symptoms.length).toBeGreaterThan(5);
    expect(symptoms).toHaveLength(page.match(/^```sh wrong$/gm)?.length ?? 0);
  });

  it.each(symptoms)('$command prints what the page says', async ({ command, message }) => {
    const cwd = await directory();
    await files(cwd, {
      'users.csv': `${HEADER}\n1,a@example.com,a@example.com,Ann,Lee\n`,
      'other.csv': 'id,mail\n1,a@example.com\n',
      'bad.csv': `${HEADER}\n1,nobody,nobody,Ann,Lee\n`,
    });
    const { out, err } = await cli(cwd, command.split(' '));
    expect(out + err).toContain(message);
  });
});
