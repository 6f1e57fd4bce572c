import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compileInMemory } from './support/compile-in-memory.js';
import { linkRollcall } from './support/compiled.js';
import { compilerOptions } from './support/public-surface.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('reference/')) // its examples: public-symbols.test.ts
    .map((name) => `docs/${name}`),
];

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly info: string;
  readonly code: string;
  /** What a block of ```text output behind it says that it prints. */
  readonly output: string | undefined;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8');
  return Array.from(
    text.matchAll(/^```(ts[^\n]*)\n([\s\S]*?)^```\n(?:\n```text output\n([\s\S]*?)^```)?/gm),
    (match) => ({
      page,
      line: text.slice(0, match.index).split('\n').length,
      info: match[1] as string,
      code: match[2] as string,
      output: match[3],
    }),
  );
}

const snippets = pages.flatMap(snippetsOf);

/** Type-checks all snippets in one program; they are modules beside the examples, held in memory. */
function problems(): string[] {
  const files = new Map(
    snippets.map((s, i) => [join(root, `examples/snippet-${i}.ts`), `export {};\n${s.code}`]),
  );
  const program = compileInMemory(files, { ...compilerOptions(), noUnusedLocals: false });
  return ts.getPreEmitDiagnostics(program).map((d) => {
    const at = [...files.keys()].indexOf(d.file?.fileName ?? '');
    const snippet = snippets[at];
    return `${snippet === undefined ? d.file?.fileName : `${snippet.page}:${snippet.line}`}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`;
  });
}

describe('the docs', () => {
  it('every TypeScript snippet type-checks', () => {
    expect(snippets.length).toBeGreaterThan(0);
    expect(problems()).toEqual([]);
  });

  for (const { page, line, info, code, output } of snippets.filter((s) => s.info.includes('run'))) {
    it(`${page}:${line} runs (${info})`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'rollcall-docs-'));
      try {
        linkRollcall(directory);
        const program = ts.transpile(code, { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 });
        const argv = ['--input-type=module', '--eval', program];
        const { stdout } = await promisify(execFile)(process.execPath, argv, {
          cwd: directory,
          timeout: 50_000,
        });
        if (output !== undefined) expect(stdout.trim()).toBe(output.trim());
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  }

  it('the two commands of the README are scripts of the package', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const commands = Array.from(
      readme.matchAll(/```sh\nnpm ci && npm (?:run )?(\w+)\n```/g),
      (match) => match[1] as string,
    );
    expect(commands).toEqual(['demo', 'test']);
    for (const command of commands) expect(Object.keys(scripts)).toContain(command);
  });

  it('every error code is documented, and no other', () => {
    const codes = (text: string) =>
      new Set(Array.from(text.matchAll(/ERR_ROLLCALL_[A-Z_]+[A-Z]/g), (m) => m[0]));
    expect([...codes(readFileSync(join(root, 'docs/operations.md'), 'utf8'))].sort()).toEqual(
      [...codes(readFileSync(join(root, 'src/core/errors.ts'), 'utf8'))].sort(),
    );
  });
});
