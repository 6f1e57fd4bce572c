import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A folder of an example, as JavaScript, with rollcall installed beside it. */
export interface Installed {
  readonly folder: string;
  dispose(): void;
}

/**
 * Compiles an example and the library (without the command line and the simulator), file by file and without checking types, to where packages are found.
 * Programs then start in a fraction of the time that TypeScript takes.
 * @param example - a folder of `examples`
 */
export function installExample(example: string): Installed {
  const out = join(ROOT, 'node_modules', '.cache', `rollcall-example-${process.pid}-${basename(example)}`);
  const folder = join(out, example);
  const library = join(out, 'node_modules', 'rollcall');
  compile(join(ROOT, 'examples', example), folder);
  compile(join(ROOT, 'src'), join(library, 'dist'), (file) => !/^(cli|simulator)\//.test(file));
  write(join(folder, 'package.json'), readFileSync(join(ROOT, 'examples', example, 'package.json'), 'utf8'));
  write(join(library, 'package.json'), readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return { folder, dispose: () => rmSync(out, { recursive: true, force: true }) };
}

function compile(from: string, to: string, isMeant: (file: string) => boolean = () => true): void {
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || !isMeant(file)) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(from, file), 'utf8'), {
      fileName: file,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    write(join(to, file.replace(/\.ts$/, '.js')), outputText);
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
