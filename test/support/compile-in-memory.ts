import ts from 'typescript';

/**
 * A program of modules that are held in memory, beside those on disk. The compiler never writes.
 *
 * @param files - the texts of the modules, by path
 */
export function compileInMemory(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.Program {
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  const getSourceFile = host.getSourceFile.bind(host);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.getSourceFile = (name, target, ...rest) =>
    files.has(name)
      ? ts.createSourceFile(name, files.get(name) as string, target)
      : getSourceFile(name, target, ...rest);
  return ts.createProgram([...files.keys()], { ...options, noEmit: true }, host);
}
