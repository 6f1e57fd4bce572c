import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { configDefaults, type TestProjectConfiguration } from 'vitest/config';
import base from '../../vitest.config.js';

/** What a test does that others in its process would feel: it replaces a module, a built-in function or the environment. */
const FELT_BY_OTHERS = /\bvi\.(mock|doMock|spyOn|stubEnv|stubGlobal|useFakeTimers)\(|syncBuiltinESMExports/;

/**
 * The tests in two projects: those that others would feel, each in a process of its own, and all others, which share the
 * modules that a process has loaded. Loading them anew for each file would take as long as half of the tests.
 */
export function projects(
  include: readonly string[],
  exclude: readonly string[] = [],
): TestProjectConfiguration[] {
  const files = globSync([...include], { ignore: [...configDefaults.exclude, ...exclude] });
  const alone = files.filter((file) => FELT_BY_OTHERS.test(readFileSync(file, 'utf8')));
  const together = files.filter((file) => !alone.includes(file));
  const project = (name: string, include: string[], isolate: boolean): TestProjectConfiguration => ({
    ...base,
    test: { ...base.test, name, include, isolate },
  });
  return [
    ...(together.length === 0 ? [] : [project('together', together, false)]),
    ...(alone.length === 0 ? [] : [project('alone', alone, true)]),
  ];
}
