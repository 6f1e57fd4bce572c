/**
 * Runs steps that give something back, the last first, each of them whatever became of the others.
 * @returns what the first that failed threw, or undefined
 */
export async function runAll(
  steps: readonly (() => unknown)[],
): Promise<{ readonly error: unknown } | undefined> {
  let failure: { readonly error: unknown } | undefined;
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch (error) {
      failure ??= { error };
    }
  }
  return failure;
}
