/**
 * Calls a function for each item and yields the results in order, with some calls in progress at the same time.
 * @param ahead - the most calls in progress
 */
export async function* mapAhead<T, R>(
  items: Iterable<T>,
  ahead: number,
  call: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const inProgress: Promise<R>[] = [];
  for (const item of items) {
    const result = call(item);
    // It is awaited in its turn; until then a failure must not count as one that nobody handles.
    result.catch(() => undefined);
    inProgress.push(result);
    if (inProgress.length >= ahead) yield await (inProgress.shift() as Promise<R>);
  }
  for (const result of inProgress) yield await result;
}
