/** The values of one attribute, and how many entities have each. */
export interface ValueGroups {
  readonly attribute: string;
  /** The most frequent values, at most five. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
  /** Entities with other values. */
  readonly others: number;
}

const MOST_VALUES = 5;
/** Entities without a value. */
const NONE = '(none)';

/**
 * Counts entities by the values of each attribute. An attribute that is different for most entities, such as a name, makes no groups.
 *
 * @param rows - the values of each entity, in the order of `attributes`
 */
export function groupsOf(
  attributes: readonly string[],
  rows: readonly (readonly string[])[],
): readonly ValueGroups[] {
  if (rows.length < 2) return [];
  return attributes.flatMap((attribute, i) => {
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = row[i] || NONE;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    if (counts.size > rows.length / 2) return [];
    const sorted = Array.from(counts, ([value, count]) => ({ value, count })).sort(
      (a, b) => b.count - a.count || (a.value < b.value ? -1 : 1),
    );
    const others = sorted.slice(MOST_VALUES).reduce((sum, { count }) => sum + count, 0);
    return [{ attribute, top: sorted.slice(0, MOST_VALUES), others }];
  });
}
