/**
 * Runs clean-up steps, the last one first. All of them run, even if some throw.
 * @returns the first error; undefined if no step throws
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
