import { baselineLaws } from './baseline-laws.js';
import { baselineModelLaws } from './baseline-model.js';
import { failureLaws } from './failure-laws.js';
import { journalLaws } from './journal-laws.js';
import { journalModelLaws } from './journal-model.js';
import type { Laws, StoreUnderTest } from './laws.js';
import { loginLaws } from './login-laws.js';
import { loginModelLaws } from './login-model.js';
import { parentLaws } from './parent-laws.js';
import { readingLaws } from './reading-laws.js';
import { valueLaws } from './value-laws.js';
import { wholeComparisonLaws } from './whole-comparison-laws.js';

/** One law of the contract of a {@link StateStore}. */
export interface StoreLaw {
  /** A sentence that says what holds. Each law has a name of its own. */
  readonly name: string;
  /** Opens an empty store, checks the law, and closes the store. Rejects with an `AssertionError` if the law does not hold. */
  readonly check: () => Promise<void>;
}

const LAWS: Laws = {
  ...readingLaws,
  ...wholeComparisonLaws,
  ...journalLaws,
  ...journalModelLaws,
  ...baselineLaws,
  ...baselineModelLaws,
  ...parentLaws,
  ...loginLaws,
  ...loginModelLaws,
  ...valueLaws,
  ...failureLaws,
};

/**
 * The contract of a {@link StateStore}, as tests for any test framework. The stores of this package pass it; a store of your own
 * must pass it before it keeps a directory. With `test` of your framework and a function that opens an empty store:
 * `for (const { name, check } of stateStoreContract(open)) test(name, check);`
 *
 * The laws are deterministic. Random values come from fixed seeds; an error names its round. A law takes up to a few seconds.
 *
 * @param open - opens an empty store for one law
 */
export function stateStoreContract(open: () => Promise<StoreUnderTest>): readonly StoreLaw[] {
  return Object.entries(LAWS).map(([name, law]) => ({
    name,
    check: async () => {
      const under = await open();
      try {
        await law(under.store, under);
      } finally {
        await under.dispose();
      }
    },
  }));
}
