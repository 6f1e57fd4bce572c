// A thread of digest-threads.ts. It is JavaScript, so that Node can run it from the sources and from the package.
import { parentPort } from 'node:worker_threads';

let kernel;
let words;
let start;

function begin(message) {
  start = message;
  kernel = new WebAssembly.Instance(start.module, { env: { memory: start.memory } }).exports;
  for (const [name, ...args] of start.calls) kernel[name](...args);
  words = new Int32Array(start.memory.buffer, start.at, start.words);
}

function digest(block) {
  const { WORDS, OFFERED, CLAIMED, DONE } = start.layout;
  const at = block * WORDS;
  if (Atomics.compareExchange(words, at, OFFERED, CLAIMED) !== OFFERED) return;
  kernel[start.name](...words.subarray(at + 1, at + 1 + start.argumentCount));
  Atomics.store(words, at, DONE);
  parentPort.postMessage(block);
}

parentPort.on('message', (message) => (start === undefined ? begin(message) : digest(message)));
