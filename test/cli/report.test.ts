import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

const CSV = `${usersCsv(300)}u999,x,wrong,a,b\n`;

async function summaryOf(cwd: string) {
  return JSON.parse(await readFile(join(cwd, 'r/summary.json'), 'utf8')) as Record<string, unknown>;
}

describe('--report', () => {
  it('writes the files of a plan, with every reject', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': CSV });
    expect((await cli(cwd, ['plan', '--users', 'u.csv', '--report', 'r'])).code).toBe(0);
    expect(await summaryOf(cwd)).toMatchObject({ status: 'planned', rejected: { rollcall: 1, listed: 1 } });
    expect(await readFile(join(cwd, 'r/rejects.csv'), 'utf8')).toContain('u999');
  });

  it('writes the files of a sync: done, stopped by the guard, or failed', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    await files(cwd, {
      'u.csv': CSV,
      'less.csv': usersCsv(100),
      'rollcall.config.json': '{ "report": "r" }',
    });
    expect((await cli(cwd, ['sync', '--users', 'u.csv', ...QUICK], { env })).code).toBe(5);
    expect(await summaryOf(cwd)).toMatchObject({ status: 'done', outcomes: { confirmed: 300 } });
    const changes = await readFile(join(cwd, 'r/changes.csv'), 'utf8');
    expect(changes.trimEnd().split('\n')).toHaveLength(301);
    expect((await cli(cwd, ['sync', '--users', 'less.csv', ...QUICK], { env })).code).toBe(3);
    expect(await summaryOf(cwd)).toMatchObject({
      status: 'stopped',
      sources: { users: { read: 100, unchanged: 100, rejected: 0 } },
    });
    const page = await readFile(join(cwd, 'r/report.html'), 'utf8');
    expect(page.replace(/<[^>]+>|\s+/g, ' ').replace(/ +/g, ' ')).toContain(
      'records 100 unchanged 100 rejected 0',
    );
    const wrong = { ...env, OKTA_CLIENT_TOKEN: 'canary' };
    await cli(cwd, ['sync', '--users', 'less.csv', '--max-delete-percent', '100', ...QUICK], { env: wrong });
    expect(await summaryOf(cwd)).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_ROLLCALL_OKTA_AUTH' },
    });
    expect(await readFile(join(cwd, 'r/report.html'), 'utf8')).not.toContain('canary');
  });

  it('leaves nothing but the files behind, and those of a plan that failed too', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': `${CSV}broken` });
    expect((await cli(cwd, ['plan', '--users', 'u.csv', '--report', 'r'])).code).toBe(1);
    expect(await summaryOf(cwd)).toMatchObject({ status: 'failed', error: { code: 'ERR_ROLLCALL_SOURCE' } });
    expect((await readdir(join(cwd, 'r'))).sort()).toEqual([
      'changes.csv',
      'rejects.csv',
      'report.html',
      'summary.json',
    ]);
  });

  it('whose files cannot be written in the end is told, after the outcome', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': CSV });
    await mkdir(join(cwd, 'r/summary.json'), { recursive: true });
    const ran = await cli(cwd, ['plan', '--users', 'u.csv', '--report', 'r']);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('The guard accepts this plan.');
    expect(ran.err).toMatch(
      /^rollcall: .*summary\.json.* \[ERR_ROLLCALL_OUTPUT\]\nWhat to do: free space on the disk, or correct the permissions\.\n$/,
    );
  });

  it('that cannot be written is told before anything is sent', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': CSV, blocked: '' });
    const ran = await cli(cwd, ['sync', '--users', 'u.csv', '--report', 'blocked/r', ...QUICK], {
      env: envOf(okta),
    });
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('[ERR_ROLLCALL_OUTPUT]');
    expect(okta.requests).toEqual([]);
  });
});
