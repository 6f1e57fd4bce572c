import type { EndSignal } from './io.js';

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM'];

/** Calls the listener for each signal to this process, instead of ending it; returns a function that removes the listener. */
export function onSignal(listener: (signal: EndSignal) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** Ends the process by the signal itself, so that the shell sees the signal. */
export function endNow(signal: EndSignal): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
