import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COLOURED_LINES, coloursOf, PLAIN } from '../../src/cli/display/colours.js';
import { checkText } from '../../src/cli/text/check-text.js';
import { cli, directory, envOf, files, org, QUICK, usersCsv } from './support.js';

const terminal = { isTTY: true, write: () => true };
const pipe = { write: () => true };
const TERM = { TERM: 'xterm-256color' };
/** The beginning of every colour. */
const ESCAPE = '\u001b[3';

describe('colours', () => {
  it.each<[string, boolean, Readonly<Record<string, string>>, boolean | undefined, boolean]>([
    ['a terminal has them', true, TERM, undefined, true],
    ['a pipe has none', false, TERM, undefined, false],
    ['NO_COLOR', true, { ...TERM, NO_COLOR: '1' }, undefined, false],
    ['NODE_DISABLE_COLORS', true, { ...TERM, NODE_DISABLE_COLORS: '1' }, undefined, false],
    ['TERM=dumb', true, { TERM: 'dumb' }, undefined, false],
    ['FORCE_COLOR in a pipe', false, { FORCE_COLOR: '1' }, undefined, true],
    ['FORCE_COLOR=0', true, { ...TERM, FORCE_COLOR: '0' }, undefined, false],
    ['--no-color, even with FORCE_COLOR', true, { ...TERM, FORCE_COLOR: '1' }, false, false],
    ['--color, even in a pipe with NO_COLOR', false, { NO_COLOR: '1' }, true, true],
  ])('%s', (_name, isTTY, env, flag, expected) => {
    expect(coloursOf(isTTY ? terminal : pipe, env, flag) !== PLAIN).toBe(expected);
  });

  it('change no character of a text, and begin only at a line of its own', () => {
    const colours = coloursOf(terminal, TERM);
    const text = 'rollcall: a fault\nRejected (2):\n  rollcall: an id\nnothing\n';
    expect(stripVTControlCharacters(colours.lines(text))).toBe(text);
    expect(colours.lines('  rollcall: an id')).not.toContain(ESCAPE);
    expect(colours.lines('nothing')).toBe('nothing');
    expect(colours.bar('', true)).toBe('');
    expect(colours.bar('##', false)).not.toBe(colours.bar('##', true));
  });

  it('begin with lines that the command line writes', async () => {
    const [cwd, okta] = [await directory(), await org()];
    const bad = 'x,not an address,not an address,a,b\n';
    await files(cwd, { 'u.csv': `${usersCsv(300)}${bad}`, 'cut.csv': usersCsv(100) });
    const env = { ...envOf(okta), FORCE_COLOR: '1' };
    const run = async (...argv: readonly string[]) => {
      const { out, err } = await cli(cwd, argv, { env });
      return `${out}\n${err}`;
    };
    const outputs = [
      await run('plan', '--users', 'u.csv'),
      await run('sync', '--users', 'u.csv', ...QUICK),
      await run('plan', '--users', 'cut.csv'),
      await run('sync', '--users', 'cut.csv', ...QUICK),
      await run('plan', '--users', 'none.csv'),
    ];
    const check = (result: 'ok' | 'warning' | 'fault') => ({
      name: 'state',
      result,
      message: 'm',
      advice: undefined,
    });
    outputs.push(
      coloursOf(terminal, TERM).lines(
        checkText({ checks: [check('ok'), check('warning'), check('fault')], faults: 1, warnings: 1 }),
      ),
    );
    const lines = outputs.flatMap((output) => output.split('\n')).filter((line) => line.startsWith(ESCAPE));
    for (const [pattern] of COLOURED_LINES)
      expect(
        lines.some((line) => pattern.test(stripVTControlCharacters(line))),
        String(pattern),
      ).toBe(true);
  });

  it('are off with --no-color, and not part of an approval', async () => {
    const cwd = await directory();
    await files(cwd, { 'u.csv': usersCsv(3) });
    const argv = ['plan', '--users', 'u.csv', '--max-creates', '1'];
    const env = { FORCE_COLOR: '1' };
    const plain = await cli(cwd, [...argv, '--no-color'], { env });
    expect(plain.out).not.toContain('\u001b');
    expect(plain.out).toMatch(/ {2}rollcall sync --users u\.csv --max-creates 1 --approve \w+\n/);
    const coloured = await cli(cwd, argv, { env });
    expect(coloured.out).toContain(ESCAPE);
    expect(stripVTControlCharacters(coloured.out)).toBe(plain.out);
  });
});
