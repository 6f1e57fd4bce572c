import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import type { StartOrgOptions } from '../../src/simulator/index.js';
import { compiled } from '../support/compiled.js';
import { directory, envOf, files, jsonLines, org as orgInTestTime, QUICK, usersCsv } from './support.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

/** Another process has the machine's time, and so has its org. */
const org = (options: StartOrgOptions = {}) => orgInTestTime({ clock: systemClock, ...options });

/** Starts the command as a process of its own, with nothing of this process's environment but where programs are. */
function start(cwd: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [compiled('src/cli/process/main.ts'), ...argv], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'pipe',
  });
  running.add(child);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (data) => (texts.out += String(data)));
  child.stderr.on('data', (data) => (texts.err += String(data)));
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code: code as number | null, signal: signal as string | null, ...texts };
  });
  const heard = (stream: 'stdout' | 'stderr', text: string) =>
    new Promise<void>((resolve, reject) => {
      let so = '';
      child.once('close', () => reject(new Error(`it ended without saying ${text}: ${so}`)));
      child[stream].on('data', (data) => {
        if ((so += String(data)).includes(text)) resolve();
      });
    });
  return { child, ended, heard };
}

describe('the command as a process', () => {
  it('is what the package names as its bin', async () => {
    const main = await readFile(join(root, 'src/cli/process/main.ts'), 'utf8');
    expect(main.startsWith('#!/usr/bin/env node\n')).toBe(true);
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await start(await directory(), ['--version']).ended).toEqual({
      code: 0,
      signal: null,
      out: `${version}\n`,
      err: '',
    });
  });

  it('takes people from a pipe, and exits with 0, 3, 1 and 2', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const env = envOf(okta);
    const argv = ['sync', '--users', '-', '--format', 'csv', ...QUICK];
    const first = start(cwd, argv, env);
    first.child.stdin.end(usersCsv(3));
    const done = await first.ended;
    expect(done.err).not.toContain('\u001b');
    expect(done).toMatchObject({ code: 0, signal: null });
    expect(okta.directory().activeUsers).toBe(3);
    const guarded = start(cwd, [...argv, '--max-deletes', '0', '--json'], env);
    guarded.child.stdin.end(usersCsv(2));
    const stopped = await guarded.ended;
    expect(stopped.code).toBe(3);
    expect(jsonLines(stopped.out).at(-1)).toMatchObject({ type: 'run:error', exitCode: 3 });
    const broken = start(cwd, argv, env);
    broken.child.stdin.end('externalId\n"open');
    expect((await broken.ended).code).toBe(1);
    expect((await start(cwd, ['sync', '--nothing'], env).ended).code).toBe(2);
  });

  it('ends in order at a first signal, with 4', async () => {
    const [cwd, okta] = [await directory(), await org({ importMs: 60_000 })];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const { child, ended, heard } = start(cwd, ['sync', '--users', 'u.csv'], envOf(okta));
    await heard('stderr', 'is importing session');
    child.kill('SIGTERM');
    const ran = await ended;
    expect(ran).toMatchObject({ code: 4, signal: null });
    expect(ran.err).toMatch(/\[ERR_ROLLCALL_ABORTED\]\nSo far .*\nRun it again to continue: .*\n$/);
    expect((await start(cwd, ['status']).ended).out).toContain('incomplete; run it again to continue');
  });

  it('ends at once at a second signal, as that signal would have ended it', async () => {
    // An org that answers nothing: the run cannot end in order before it.
    const [cwd, okta] = [await directory(), await org({ latencyMs: 60_000 })];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const { child, ended, heard } = start(cwd, ['sync', '--users', '-', '--format', 'csv'], envOf(okta));
    child.stdin.write(usersCsv(3));
    child.stdin.end();
    await heard('stderr', 'plan:');
    child.kill('SIGINT');
    await heard('stderr', 'a second signal stops at once');
    child.kill('SIGINT');
    const { code, signal } = await ended;
    // It may have ended in order just before the second came.
    expect(signal ?? code).toSatisfy((end) => end === 'SIGINT' || end === 4);
  });

  it('goes on when nobody reads its output any more', async () => {
    const [cwd, okta] = [await directory(), await org()];
    await files(cwd, { 'u.csv': usersCsv(3) });
    const { child, ended } = start(cwd, ['sync', '--users', 'u.csv', ...QUICK], envOf(okta));
    child.stdout.destroy();
    child.stderr.destroy();
    expect((await ended).code).toBe(0);
    expect(okta.directory().activeUsers).toBe(3);
  });

  it('simulates an org until it is told to end', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3) });
    const { child, ended, heard } = start(cwd, ['simulate', '--json']);
    let out = '';
    child.stdout.on('data', (data) => (out += String(data)));
    await heard('stdout', '\n');
    const [ready] = jsonLines(out) as unknown as [{ url: string; token: string; identitySourceId: string }];
    const env = {
      OKTA_CLIENT_ORGURL: ready.url,
      OKTA_CLIENT_TOKEN: ready.token,
      OKTA_IDENTITY_SOURCE_ID: ready.identitySourceId,
    };
    const synced = await start(cwd, ['sync', '--users', 'u.csv', '--quiet', ...QUICK], env).ended;
    expect(synced).toEqual({ code: 0, signal: null, out: '', err: '' });
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });
});
