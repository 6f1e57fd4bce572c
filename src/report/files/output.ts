import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { OptionsError, OutputError } from '../../core/errors.js';

/** The target of a file sink: a path, or a Writable, which stays open. */
export type Output = string | Writable;

/** Writes text; the promise resolves when more can be written. */
export type Write = (text: string) => Promise<void>;

/** @throws {@link OptionsError} if the target is neither a path nor a Writable. */
export function checkOutput(target: Output): void {
  if (typeof target === 'string') {
    if (target === '') throw new OptionsError('target', 'expected a path, got ""');
  } else if (typeof (target as { write?: unknown } | null | undefined)?.write !== 'function') {
    throw new OptionsError('target', 'expected a path or a Writable');
  }
}

/**
 * Calls `work` with a function that writes to the output. A file (mode 0600) is written under a temporary name, and
 * renamed when it is complete and on disk. An existing file stays until then, and stays if `work` fails.
 *
 * @throws {@link OutputError} if writing fails; otherwise the error of `work`.
 */
export async function withOutput<R>(target: Output, work: (write: Write) => Promise<R>): Promise<R> {
  return typeof target === 'string' ? toFile(target, work) : toWritable(target, work);
}

async function toFile<R>(path: string, work: (write: Write) => Promise<R>): Promise<R> {
  const part = `${path}.${randomUUID().slice(0, 8)}.part`;
  const file = await naming(path, () => open(part, 'wx', 0o600));
  try {
    const result = await closing(file, async () => {
      const done = await work((text) => naming(path, () => file.appendFile(text)));
      await naming(path, () => file.sync());
      return done;
    });
    await naming(path, () => rename(part, path));
    return result;
  } catch (error) {
    // Keep the first error: it shows the cause.
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function closing<R>(file: FileHandle, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } finally {
    await file.close();
  }
}

/** Runs a call of the file system; its error becomes an {@link OutputError} that names the path. */
async function naming<R>(path: string, act: () => Promise<R>): Promise<R> {
  try {
    return await act();
  } catch (error) {
    throw new OutputError(`cannot be written (${codeOf(error)})`, path, { cause: error });
  }
}

async function toWritable<R>(stream: Writable, work: (write: Write) => Promise<R>): Promise<R> {
  let fail: (error: OutputError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  const onError = (error: unknown) =>
    fail(new OutputError(`the stream cannot be written (${codeOf(error)})`, undefined, { cause: error }));
  const onClose = () =>
    fail(new OutputError('the stream was closed before everything was written', undefined));
  // A stream reports an error by an event, which may come after the callback, and which ends the process if there is
  // no listener. Therefore the listener is removed only after everything has succeeded.
  stream.on('error', onError);
  stream.once('close', onClose);
  if (stream.destroyed || stream.writableEnded) onClose();
  // The stream calls the callback of a write when it has passed the text on: waiting for it gives back-pressure.
  const write: Write = (text) =>
    Promise.race([
      failed,
      new Promise<void>((resolve) => stream.write(text, (error) => (error ? onError(error) : resolve()))),
    ]);
  const result = await Promise.race([failed, work(write)]);
  stream.off('error', onError);
  stream.off('close', onClose);
  return result;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'the stream failed';
}
