import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { referencePage } from './support/reference.js';

it('the reference page says what the code says (npm run docs:reference writes it)', async () => {
  const page = join(dirname(fileURLToPath(import.meta.url)), '../docs/reference.md');
  const made = await format(referencePage(), { ...(await resolveConfig(page)), parser: 'markdown' });
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(page, made);
  expect(made).toBe(await readFile(page, 'utf8'));
});
