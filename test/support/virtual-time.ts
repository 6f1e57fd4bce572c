import FakeTimers from '@sinonjs/fake-timers';
import { systemClock, type Clock } from '../../src/core/clock.js';

const realImmediate = setImmediate;

/** After this many idle turns of the event loop, the run can only be waiting for a timer. */
const IDLE_TURNS = 50;

/**
 * Runs a function in virtual time: when it only waits, the next timer fires at once. The function must not use real I/O. If it
 * waits and there is no timer, the run fails instead of hanging.
 */
export async function inVirtualTime<T>(
  run: (clock: Clock, setTime: (jumpMs: number) => void) => Promise<T>,
  now = Date.UTC(2026, 0, 1),
): Promise<T> {
  const timers = FakeTimers.install({
    now,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  try {
    let settled = false;
    const result = run(systemClock, (jumpMs) => timers.setSystemTime(Date.now() + jumpMs)).finally(
      () => (settled = true),
    );
    result.catch(() => undefined);
    for (let idle = 0; !settled;) {
      await new Promise((resolve) => realImmediate(resolve));
      if (settled) break;
      if (timers.countTimers() > 0) {
        timers.next();
        idle = 0;
      } else if (++idle > IDLE_TURNS) {
        throw new Error('deadlock: nothing is left to wait for');
      }
    }
    return await result;
  } finally {
    timers.uninstall();
  }
}
