/** Runs of a property: all of them in the suite, a part where every property runs once for each mutant. */
export function runs(all: number): number {
  return process.env['ROLLCALL_PROPERTY_SHARE'] === undefined
    ? all
    : Math.max(1, Math.ceil(all * Number(process.env['ROLLCALL_PROPERTY_SHARE'])));
}
