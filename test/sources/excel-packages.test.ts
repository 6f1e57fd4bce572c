import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { compiled } from '../support/compiled.js';
import { rowsXml, workbookOf } from '../support/workbook.js';
import { scratch } from './support.js';

const directory = scratch();
afterAll(() => directory.remove());

/** Resolves modules as if the packages were not installed. */
const HOOKS = `export async function resolve(name, context, next) {
  if (name !== '@e965/xlsx' && name !== 'numfmt') return next(name, context);
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
}`;
const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

it('a workbook without its optional packages fails with the command that installs them', () => {
  const path = directory.path('people.xlsx');
  writeFileSync(path, workbookOf({ sheets: { People: rowsXml(['id'], ['1']) } }));
  const source = pathToFileURL(compiled('src/sources/excel/from-excel.ts')).href;
  const program = `import { fromExcel } from ${JSON.stringify(source)};
    try { for await (const row of fromExcel(${JSON.stringify(path)})) console.log(row); }
    catch (error) { console.log(error.message); }`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(asUrl(HOOKS))});`;
  const args = ['--import', asUrl(register), '--input-type=module', '-e', program];
  const out = execFileSync(process.execPath, args, { encoding: 'utf8' });
  expect(out).toBe(
    `this source needs the packages @e965/xlsx and numfmt, which rollcall does not install; run: npm install @e965/xlsx numfmt\n`,
  );
});
