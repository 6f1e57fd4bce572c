import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OktaAuthError, OktaHttpError } from '../../src/core/errors.js';
import { REMEDIES, SAID_BY_MESSAGE, SETTLED_BY_NEXT_RUN } from '../../src/cli/text/remedies.js';
import { showError } from '../../src/cli/display/show-error.js';
import type { Display } from '../../src/cli/display/display.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What docs/operations.md says to do, by code, without what is only for programs, and without marks of the page. */
const documented = new Map(
  Array.from(
    read('docs/operations.md').matchAll(/^\| `(ERR_ROLLCALL_\w+)` +\|[^|]*\| (.*?) *\|$/gm),
    ([, code = '', todo = '']) =>
      [
        code,
        todo
          .replaceAll(/ \(in code: [^)]*\)/g, '')
          .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
          .replaceAll('`', ''),
      ] as const,
  ),
);
const codes = new Set(
  Array.from(read('src/core/errors.ts').matchAll(/ERR_ROLLCALL_[A-Z_]+[A-Z]/g), ([code]) => code),
);

describe('what to do for an error', () => {
  it.each(Object.entries(REMEDIES))('%s is what docs/operations.md says', (code, remedy) => {
    expect(documented.get(code)).toBe(remedy);
  });

  it('is known for each code in exactly one way', () => {
    const known = [...Object.keys(REMEDIES), ...SAID_BY_MESSAGE, ...SETTLED_BY_NEXT_RUN];
    expect(known.sort()).toEqual([...codes].sort());
  });

  it.each([
    [new OktaHttpError('listIdentitySourceSessions', 404, 'E0000007'), 'correct --identity-source'],
    [new OktaHttpError('createIdentitySourceSession', 404, 'E0000007'), 'correct --identity-source'],
    [new OktaAuthError('listIdentitySourceSessions', 401, 'E0000015'), 'Lifecycle Management'],
    [new OktaHttpError('getIdentitySourceSession', 404, 'E0000007'), 'run again'],
    [new OktaHttpError('listIdentitySourceSessions', 404), 'run again'],
    [new OktaAuthError('listIdentitySourceSessions', 401, 'E0000011'), 'check the token'],
  ])('follows the answer of Okta: %s', (error, remedy) => {
    let text = '';
    showError(error, { error: (_event: unknown, shown: string) => (text = shown) } as unknown as Display);
    expect(text.split('What to do: ')[1]).toContain(remedy);
  });

  it('is the line below the message', () => {
    const written: string[] = [];
    const display = { error: (_event: unknown, text: string) => void written.push(text) };
    const code = showError(new OktaAuthError('listUsers', 401, 'E0000011'), display as unknown as Display);
    expect(code).toBe(1);
    expect(written).toEqual([
      [
        'rollcall: listUsers: Okta answered 401 (E0000011) [ERR_ROLLCALL_OKTA_AUTH]',
        'What to do: check the token and its rights, and renew it if it has expired; the next run settles sessions in flight.',
      ].join('\n'),
    ]);
  });
});
