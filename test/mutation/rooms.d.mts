/** What is mutated, and the tests its mutants meet. */
export interface Room {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}
export const ROOMS: Readonly<Record<string, Room>>;
export function roomsAskedFor(): readonly Room[];
