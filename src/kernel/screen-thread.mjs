// A thread of screen-threads.ts. JavaScript as it is, so that it runs from the sources and from the package alike.
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, calls } = workerData;
const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
for (const [name, ...args] of calls) kernel[name](...args);

parentPort.on('message', ([name, ...args]) => {
  kernel[name](...args);
  parentPort.postMessage({
    count: kernel.rowCount(),
    consumed: kernel.rowsConsumed(),
    stopped: kernel.rowsStopped() !== 0,
    lines: kernel.nextLine(),
  });
});
