import { createRequire } from 'node:module';
import type * as RxJS from 'rxjs';

let loaded: typeof RxJS | undefined;

/**
 * Loads RxJS when the first Observable is created. Most pipelines create none, and RxJS needs some ten megabytes and a third
 * of the load time of the package. It is loaded synchronously, because functions that create an Observable return at once.
 */
export function rxjs(): typeof RxJS {
  return (loaded ??= createRequire(import.meta.url)('rxjs') as typeof RxJS);
}
