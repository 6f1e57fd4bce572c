import { OptionsError } from '../core/errors.js';

/** The stages whose order matters, in that order, as programs write them. */
const ORDER = {
  validate: 'validate()',
  diff: 'diff()',
  guard: 'guard() or unguarded()',
  batch: 'batch()',
  upload: 'upload()',
} as const;

/** The name of a stage whose order matters. */
export type StageName = keyof typeof ORDER;

const NAMES = Object.keys(ORDER) as StageName[];

/** The names of the operators that {@link named} has seen. */
const names = new WeakMap<object, StageName>();

/** Names an operator, so that `pipe` can check its place. Returns the operator. */
export function named<F extends object>(name: StageName, operator: F): F {
  names.set(operator, name);
  return operator;
}

/**
 * Checks the order of the named stages of one pipe, for programs without types. A stage without a name may contain others: what is
 * missing is reported only between two named stages that follow each other.
 *
 * @throws {@link OptionsError} for the first stage that is in the wrong place
 */
export function requireStageOrder(stages: readonly unknown[]): void {
  let last = -1;
  let isLastBefore = false;
  for (const [i, stage] of stages.entries()) {
    const name = typeof stage === 'function' ? names.get(stage) : undefined;
    if (name !== undefined) {
      const rank = NAMES.indexOf(name);
      const fail = (reason: string) => new OptionsError(`stage ${i + 1}`, reason);
      if (rank < last) throw fail(`${ORDER[name]} must come before ${textAt(last)}`);
      if (isLastBefore && rank > last + 1) throw fail(`${textAt(last + 1)} is missing before ${ORDER[name]}`);
      last = rank;
    }
    isLastBefore = name !== undefined;
  }
}

function textAt(rank: number): string {
  return ORDER[NAMES[rank] as StageName];
}
