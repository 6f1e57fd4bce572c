/** The number of runs of a property: all in normal tests, a part in mutation tests, which run every property for each mutant. */
export function runs(all: number): number {
  return process.env['ROLLCALL_PROPERTY_SHARE'] === undefined
    ? all
    : Math.max(1, Math.ceil(all * Number(process.env['ROLLCALL_PROPERTY_SHARE'])));
}
