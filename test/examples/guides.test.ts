import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compiled, linkRollcall } from '../support/compiled.js';
import { root } from './run.js';

const folder = join(root, 'docs/guides');
const guides = readdirSync(folder).filter((name) => name.endsWith('.md'));

/** A fenced block: its language, the word after it, and what stands in it. */
interface Block {
  readonly line: number;
  readonly language: string;
  readonly word: string;
  readonly text: string;
}

function blocksOf(guide: string): Block[] {
  const page = readFileSync(join(folder, guide), 'utf8');
  return Array.from(page.matchAll(/^```(\S*)[ ]?([^\n]*)\n([\s\S]*?)^```$/gm), (match) => ({
    line: page.slice(0, match.index).split('\n').length,
    language: match[1] as string,
    word: match[2] as string,
    text: match[3] as string,
  }));
}

/** What differs from one run to the next: hashes, times, and how long it took. */
function settled(text: string): string {
  return text
    .replace(/[0-9a-f]{64}/g, 'HASH')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')
    .replace(/\d+(\.\d+)? (ms|s)\b/g, 'SOME TIME')
    .trim();
}

/** A directory to follow a guide in, with `rollcall` on the path. */
class Desk implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'rollcall-guide-'));
  readonly #work = join(this.#directory, 'work');
  readonly #env: Record<string, string | undefined> = {};
  #org: ChildProcess | undefined;

  constructor() {
    const bin = join(this.#directory, 'bin');
    for (const path of [bin, this.#work]) mkdirSync(path);
    const command = join(bin, 'rollcall');
    const main = compiled('src/cli/process/main.ts');
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
    chmodSync(command, 0o755);
    const { PATH = '', HOME = '' } = process.env;
    this.#env = { PATH: `${bin}${delimiter}${PATH}`, HOME };
    // A config in code imports rollcall by its name.
    linkRollcall(this.#directory);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.#work, name), text);
  }

  async run(script: string): Promise<string> {
    const shell = promisify(execFile);
    const { stdout } = await shell('bash', ['-euo', 'pipefail', '-c', script], this.#options());
    return stdout;
  }

  /** The second terminal: starts the org, and takes over the lines that it prints to be pasted. */
  async simulate(command: string): Promise<void> {
    this.#org = spawn('bash', ['-c', `exec ${command}`], {
      ...this.#options(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for await (const line of createInterface({ input: this.#org.stdout as NodeJS.ReadableStream })) {
      const [, name, value] = /^ +export (\w+)=(\S+)$/.exec(line) ?? [];
      if (name !== undefined) this.#env[name] = value;
      if (line.startsWith('Ctrl+C')) return;
    }
    throw new Error('the org ended before it was ready');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#org !== undefined && this.#org.exitCode === null) {
      const exited = once(this.#org, 'exit');
      this.#org.kill();
      await exited;
    }
    rmSync(this.#directory, { recursive: true });
  }

  #options() {
    return { cwd: this.#work, env: this.#env };
  }
}

describe('the guides', () => {
  const commanding = guides.filter((guide) =>
    blocksOf(guide).some(({ language, word }) => language === 'sh' && word === 'run'),
  );

  it('have commands to follow', () => {
    expect(commanding).toEqual([
      'a-config-in-code.md',
      'csv-in-five-minutes.md',
      'delta-feeds.md',
      'first-hour.md',
      'is-okta-in-step.md',
      'safe-deletions.md',
      'the-daily-run.md',
    ]);
  });

  for (const guide of commanding) {
    it(`${guide} can be followed word by word`, { timeout: 120_000 }, async () => {
      await using desk = new Desk();
      const blocks = blocksOf(guide);
      for (const [i, { line, language, word, text }] of blocks.entries()) {
        if (/^[\w.-]+\.\w+$/.test(word)) desk.write(word, text);
        if (language !== 'sh') continue;
        if (word === 'simulate') await desk.simulate(text.trim());
        else if (word === 'run') {
          const output = await desk.run(text);
          const next = blocks[i + 1];
          expect(next, `${guide}:${line} is followed by what it prints`).toMatchObject({
            language: 'text',
            word: 'output',
          });
          expect(settled(output), `${guide}:${line}`).toBe(settled(next?.text ?? ''));
        }
      }
    });
  }

  it('show the source of an example as it is', () => {
    const page = readFileSync(join(folder, 'from-a-database.md'), 'utf8');
    const shown = /<!-- from (\S+) -->\n\n```ts\n([\s\S]*?)```\n\n<!-- end -->/.exec(page);
    const example = readFileSync(join(root, shown?.[1] ?? ''), 'utf8');
    // Behind the imports and what stands for the queries.
    const code = shown?.[2]?.slice(shown[2].indexOf('/** The address')) ?? '';
    expect(code.split('\n').length).toBeGreaterThan(15);
    expect(example).toContain(code);
  });

  it('link to files that are there', () => {
    for (const guide of guides) {
      const page = readFileSync(join(folder, guide), 'utf8');
      for (const [, target = ''] of page.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
        expect(() => statSync(join(folder, target)), `${guide}: ${target}`).not.toThrow();
    }
  });
});
