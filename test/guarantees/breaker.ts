import { join } from 'node:path';
import type { Plugin } from 'vite';
import { createVitest, type TestCase, type TestSpecification, type Vitest } from 'vitest/node';
import { breakText, type Break } from './break.js';
import { ROOT } from './document.js';

/** Longest time of one test. A broken run may wait for what never comes. */
const TEST_MS = 60_000;

/** What became of one test. */
export type Verdict =
  | { readonly kind: 'passed' }
  /** It ran to an assertion or an error of its own. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It did not run: there is no such test, or the broken code does not load. */
  | { readonly kind: 'not run'; readonly message: string };

/** Runs single tests against the library, whole or broken. No file is touched: a break is put in as Vite loads the file. */
export class Breaker {
  readonly #vitest: Vitest;
  readonly #plan: { broken: Break | undefined };

  private constructor(vitest: Vitest, plan: { broken: Break | undefined }) {
    this.#vitest = vitest;
    this.#plan = plan;
  }

  static async start(): Promise<Breaker> {
    const plan: { broken: Break | undefined } = { broken: undefined };
    const plugin: Plugin = {
      name: 'break',
      enforce: 'pre',
      transform(code, id) {
        const { broken } = plan;
        if (broken === undefined || id.split('?')[0] !== join(ROOT, broken.file)) return undefined;
        return { code: breakText(code, broken), map: null };
      },
    };
    const vitest = await createVitest(
      'test',
      {
        root: ROOT,
        watch: false,
        reporters: [{}],
        testTimeout: TEST_MS,
        silent: true,
        // One test at a time: there is nothing to share a process with.
        fileParallelism: false,
      },
      { plugins: [plugin] },
    );
    await vitest.standalone();
    return new Breaker(vitest, plan);
  }

  /** Runs tests against the library as it is. */
  async whole(tests: readonly Break['test'][]): Promise<readonly Verdict[]> {
    const titles = new Map<string, string[]>();
    for (const [file, title] of tests) titles.set(file, [...(titles.get(file) ?? []), title]);
    const specs = Array.from(titles, ([file, some]) => this.#specification(file, some));
    const result = await this.#vitest.runTestSpecifications(specs, false);
    const cases = result.testModules.flatMap((module) =>
      Array.from(module.children.allTests(), (one) => [module.moduleId, one] as const),
    );
    return tests.map(([file, title]) => {
      const own = cases.filter(([id, one]) => id === join(ROOT, file) && endsIn(one, title));
      return verdictOf(
        own.map(([, one]) => one),
        result.testModules.flatMap((module) => module.errors()),
      );
    });
  }

  /** Runs the test of a break against the broken library. */
  async broken(one: Break): Promise<Verdict> {
    const [file, title] = one.test;
    this.#plan.broken = one;
    this.#vitest.invalidateFile(join(ROOT, one.file));
    try {
      const { testModules, unhandledErrors } = await this.#vitest.runTestSpecifications(
        [this.#specification(file, [title])],
        false,
      );
      const cases = testModules.flatMap((module) => Array.from(module.children.allTests()));
      const errors = [...testModules.flatMap((module) => module.errors()), ...unhandledErrors];
      return verdictOf(
        cases.filter((each) => endsIn(each, title)),
        errors as { message: string }[],
      );
    } finally {
      this.#plan.broken = undefined;
      this.#vitest.invalidateFile(join(ROOT, one.file));
    }
  }

  async close(): Promise<void> {
    await this.#vitest.close();
  }

  #specification(file: string, titles: readonly string[]): TestSpecification {
    const pattern = titles.map((title) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    return this.#vitest
      .getRootProject()
      .createSpecification(join(ROOT, file), { testNamePattern: new RegExp(`(?:^| )(?:${pattern})$`) });
  }
}

function endsIn(one: TestCase, title: string): boolean {
  return one.name === title;
}

function verdictOf(cases: readonly TestCase[], errors: readonly { readonly message: string }[]): Verdict {
  const results = cases.map((one) => one.result());
  const failed = results.find(({ state }) => state === 'failed');
  if (failed !== undefined) return { kind: 'failed', message: failed.errors?.[0]?.message ?? '' };
  if (results.length > 0 && results.every(({ state }) => state === 'passed')) return { kind: 'passed' };
  return { kind: 'not run', message: errors[0]?.message ?? 'there is no such test' };
}
