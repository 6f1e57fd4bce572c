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

/** Flows of rows that no stage has seen, and operators of this package that contain none of the named stages. */
const rows = new WeakSet<object>();
const plain = new WeakSet<object>();

/** Marks a flow as rows of a file, which no stage has seen. Returns the flow. */
export function rowsOfFile<F extends object>(flow: F): F {
  rows.add(flow);
  return flow;
}

/** Marks an operator that contains none of the named stages. Returns the operator. */
export function withoutStages<F extends object>(operator: F): F {
  plain.add(operator);
  return operator;
}

/** Names an operator, so that `pipe` can check its place. Returns the operator. */
export function named<F extends object>(name: StageName, operator: F): F {
  names.set(operator, name);
  return operator;
}

/**
 * Checks the order of the named stages of one pipe, for programs without types. A stage without a name may contain others, and so
 * may a source that is no file: what is missing there is not reported here, but by `stageInput`.
 *
 * @throws {@link OptionsError} for the first stage that is in the wrong place
 */
export function requireStageOrder(source: unknown, stages: readonly unknown[]): void {
  let last = -1;
  let isLastBefore = typeof source === 'object' && source !== null && rows.has(source);
  for (const [i, stage] of stages.entries()) {
    const name = typeof stage === 'function' ? names.get(stage) : undefined;
    if (name !== undefined) {
      const rank = NAMES.indexOf(name);
      const fail = (reason: string) => new OptionsError(`stage ${i + 1}`, reason);
      if (rank < last) throw fail(`${ORDER[name]} must come before ${textAt(last)}`);
      if (isLastBefore && rank > last + 1) throw fail(`${textAt(last + 1)} is missing before ${ORDER[name]}`);
      last = rank;
    }
    isLastBefore = name !== undefined || (isLastBefore && typeof stage === 'function' && plain.has(stage));
  }
}

/** The name of a stage, and that of the stage before it, as programs write them. */
export function stageTexts(name: StageName): { readonly stage: string; readonly before: string } {
  return { stage: ORDER[name], before: textAt(NAMES.indexOf(name) - 1) };
}

function textAt(rank: number): string {
  return ORDER[NAMES[rank] as StageName];
}
