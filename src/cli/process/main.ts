#!/usr/bin/env node
import { EXIT } from './exit-codes.js';
import type { CliIo, Output } from './io.js';
import { run } from './run.js';
import { endNow, onSignal } from './signals.js';

let outputFailed = false;

// A reader that has closed the pipe (`| head`) must not end a run halfway. Any other write error makes the run fail.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') outputFailed = true;
  });
}

function flushed(stream: Output & { readonly writableLength?: number }): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writableLength) resolve();
    else (stream as NodeJS.WriteStream).write('', () => resolve());
  });
}

const io: CliIo = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
const code = await run(process.argv.slice(2), io, process.env, { onSignal, endNow, cwd: process.cwd() });
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// Do not wait for work that hangs, such as a source that does not respond.
process.exit(code === EXIT.DONE && outputFailed ? EXIT.FAILED : code);
