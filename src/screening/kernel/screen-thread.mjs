// A thread of screen-threads.ts. JavaScript as it is, so that it runs from the sources and from the package alike.
import { parentPort } from 'node:worker_threads';

let kernel;
let words;
let layout;

function begin({ module, memory, calls, at, buffers, layout: told }) {
  layout = told;
  kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
  for (const [name, ...args] of calls) kernel[name](...args);
  words = new Int32Array(memory.buffer, at, buffers * layout.WORDS);
}

function screen({ buffer, ticket, task: [name, ...args] }) {
  const { WORDS, TAKEN, AWAITED, DONE } = layout;
  const at = buffer * WORDS;
  // Its caller did it, or has given the buffer another block since.
  if (Atomics.compareExchange(words, at, ticket, ticket + TAKEN) !== ticket) return;
  kernel[name](...args);
  words.set([kernel.rowCount(), kernel.rowsConsumed(), kernel.rowsStopped(), kernel.nextLine()], at + 1);
  if (Atomics.exchange(words, at, ticket + DONE) === ticket + AWAITED) parentPort.postMessage(buffer);
}

parentPort.on('message', (told) => (kernel === undefined ? begin(told) : screen(told)));
