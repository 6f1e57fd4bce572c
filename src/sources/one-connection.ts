import { SourceError } from '../core/errors.js';
import type { Flow } from '../flow/flow.js';
import { fromPages } from './from-pages.js';

/** A connection that several flows read one after another. */
export interface Closable {
  /** @param allWasRead - false if the rest of an answer is still on its way */
  close(allWasRead: boolean): Promise<void>;
}

/** Several flows over one connection. */
export interface OneConnection<C> {
  /** A flow of pages. @param name - the name of the flow in errors and rejections */
  flow<T>(pages: (connection: C) => AsyncIterable<readonly T[]>, name: string): Flow<T>;
  /** Closes the connection, if it is open. */
  close(): Promise<void>;
}

/**
 * Shares one connection between flows. It opens at the first read, and closes when all flows that were created have been read to their
 * end. It also closes when one of them fails, or when its reader stops early; the others then fail, because they would need a second
 * connection, which could see something else.
 */
export function oneConnection<C extends Closable>(connect: () => Promise<C>): OneConnection<C> {
  let connection: Promise<C> | undefined;
  let unread = 0;
  let isReading = false;
  let isClosed = false;

  async function close(allWasRead: boolean): Promise<void> {
    isClosed = true;
    const open = connection;
    connection = undefined;
    // If it could not be opened, the reader has the error.
    await (await open?.catch(() => undefined))?.close(allWasRead);
  }

  async function* read<T>(
    pages: (connection: C) => AsyncIterable<readonly T[]>,
    name: string,
  ): AsyncGenerator<readonly T[], void, undefined> {
    const place = { file: name };
    if (isClosed)
      throw new SourceError(
        'the connection is closed: another query ended early, or all flows that there were before have been read; create all flows first',
        place,
      );
    if (isReading)
      throw new SourceError('the queries of one connection must be read one after another', place);
    isReading = true;
    let isComplete = false;
    try {
      connection ??= connect();
      yield* pages(await connection);
      isComplete = true;
    } finally {
      isReading = false;
      unread--;
      if (unread === 0 || !isComplete) await close(isComplete);
    }
  }

  return {
    flow(pages, name) {
      unread++;
      // With `readAhead`, the server produces the next rows while these are compared.
      return fromPages(read(pages, name), { readAhead: true, name });
    },
    close: () => close(false),
  };
}
