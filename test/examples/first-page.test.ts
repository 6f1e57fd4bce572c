import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOrg } from '../../src/simulator/index.js';
import { linkRollcall } from '../support/compiled.js';
import { root } from './run.js';

const run = promisify(execFile);

let folder = '';
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'rollcall-first-page-'))));
afterEach(() => rm(folder, { recursive: true }));

/** The code blocks of the first page, in their order. */
async function programs(): Promise<readonly [pipeline: string, sync: string]> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = Array.from(text.matchAll(/^```ts\n([^]*?)^```$/gm), ([, code]) => code as string);
  expect(blocks).toHaveLength(2);
  return blocks as [string, string];
}

/** Runs a program of the first page as TypeScript against a local org, in a folder with these files. */
async function runProgram(code: string, files: Readonly<Record<string, string>>) {
  await using org = await startOrg({ importMs: 10 });
  const program = code
    .replace("'https://example.okta.com'", JSON.stringify(org.url))
    .replace("'0oa3l6l6WK6h0R0QW0g4'", JSON.stringify(org.identitySourceId));
  linkRollcall(folder);
  await writeFile(join(folder, 'program.mts'), program);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const { stdout } = await run(
    process.execPath,
    ['--import', join(root, 'node_modules/tsx/dist/esm/index.mjs'), 'program.mts'],
    { cwd: folder, timeout: 50_000, env: { ...process.env, OKTA_CLIENT_TOKEN: org.token } },
  );
  const { activeUsers, groups } = org.directory(org.identitySourceId);
  return { lines: stdout.trim().split('\n'), activeUsers, groups: groups.size };
}

describe('the first page', () => {
  it('has a pipeline that is JavaScript for every supported Node', async () => {
    const [pipeline] = await programs();
    const file = join(folder, 'program.mjs');
    await writeFile(file, pipeline);
    await run(process.execPath, ['--check', file]);
    expect(pipeline).not.toContain('await using');
  });

  it('has a pipeline that runs as TypeScript, and reports its rejections', async () => {
    const [pipeline] = await programs();
    const people = 'employee_id,email,given,family\n1,ann@example.com,Ann,Lee\n2,nobody,Bob,Ray\n';
    expect(await runProgram(pipeline, { 'people.csv': people })).toEqual({
      lines: ['1 requests in 1 sessions', 'rejected: 2 email is not a valid email address'],
      activeUsers: 1,
      groups: 0,
    });
  });

  it('has a sync that runs as TypeScript', async () => {
    const [, sync] = await programs();
    const ran = await runProgram(sync, {
      'users.csv': 'externalId,userName,email,firstName,lastName\n1,a@example.com,a@example.com,Ann,Lee\n',
      'groups.csv': 'externalId,displayName,description\ng,Everybody,All of us\n',
      'memberships.csv': 'groupExternalId,memberExternalId\ng,1\n',
    });
    expect(ran).toEqual({ lines: ['1 new users'], activeUsers: 1, groups: 1 });
  });
});
