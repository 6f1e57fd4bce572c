import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { OptionsError, OutputError } from '../../core/errors.js';

/** Where a file sink writes: a path, or a Writable, which is left open. */
export type Output = string | Writable;

/** Takes text, and resolves when it can take more. */
export type Write = (text: string) => Promise<void>;

/** Refuses what cannot be written to. */
export function checkOutput(target: Output): void {
  if (typeof target === 'string') {
    if (target === '') throw new OptionsError('target', 'expected a path, got ""');
  } else if (typeof (target as { write?: unknown } | null | undefined)?.write !== 'function') {
    throw new OptionsError('target', 'expected a path or a Writable');
  }
}

/**
 * Lets `work` write to the output. A file (mode 0600) is written beside its name and takes it when it is whole and on
 * the disk; whatever stood there stays until then, and for good when `work` fails.
 *
 * @throws {@link OutputError} when writing fails; what `work` threw otherwise.
 */
export async function withOutput<R>(target: Output, work: (write: Write) => Promise<R>): Promise<R> {
  return typeof target === 'string' ? toFile(target, work) : toWritable(target, work);
}

async function toFile<R>(path: string, work: (write: Write) => Promise<R>): Promise<R> {
  const part = `${path}.${randomUUID().slice(0, 8)}.part`;
  const file = await telling(path, () => open(part, 'wx', 0o600));
  try {
    const result = await closing(file, async () => {
      const done = await work((text) => telling(path, () => file.appendFile(text)));
      await telling(path, () => file.sync());
      return done;
    });
    await telling(path, () => rename(part, path));
    return result;
  } catch (error) {
    // The first error is the one that says why.
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

async function telling<R>(path: string, act: () => Promise<R>): Promise<R> {
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
  // A stream tells of a fault by an event, which may come after its callback, and ends the process when nobody
  // listens: the listener for errors stays where there was one.
  stream.on('error', onError);
  stream.once('close', onClose);
  if (stream.destroyed || stream.writableEnded) onClose();
  // The callback of a write comes when the stream has passed the text on: waiting for it is the back-pressure.
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
  return typeof code === 'string' ? code : 'its stream failed';
}
