// A thread of digest-threads.ts. JavaScript as it is, so that it runs from the sources and from the package alike.
import { parentPort } from 'node:worker_threads';

let kernel;

function begin({ module, memory, calls }) {
  kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
  for (const [name, ...args] of calls) kernel[name](...args);
}

function digest([name, ...args]) {
  kernel[name](...args);
  parentPort.postMessage(undefined);
}

parentPort.on('message', (message) => (kernel === undefined ? begin(message) : digest(message)));
