/**
 * What is still to come of changes that are alike: how many, and the bytes of their entries, commas included. Who packs
 * requests keeps to its mean, so that no kind of size is left over at the end.
 */
export interface Outlook {
  readonly count: number;
  readonly bytes: number;
}

const OUTLOOK = Symbol('outlook');

/** Attaches to a chunk what is to come from its first record on, and returns the chunk. */
export function withOutlook<T>(chunk: T[], outlook: Outlook): T[] {
  (chunk as { [OUTLOOK]?: Outlook })[OUTLOOK] = outlook;
  return chunk;
}

/** What is to come from a chunk's first record on, where that is known. */
export function outlookOf(chunk: readonly unknown[]): Outlook | undefined {
  return (chunk as { [OUTLOOK]?: Outlook })[OUTLOOK];
}
