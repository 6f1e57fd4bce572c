const ITEMS_PER_BODY = 200;

/** Bodies of bulk requests as a peer makes them: 200 users each. */
export function* bodiesOf(items: readonly unknown[]): Generator<string, void, undefined> {
  for (let at = 0; at < items.length; at += ITEMS_PER_BODY)
    yield JSON.stringify({ entityType: 'USERS', profiles: items.slice(at, at + ITEMS_PER_BODY) });
}
