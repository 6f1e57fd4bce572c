import { createRequire } from 'node:module';
import type * as RxJS from 'rxjs';

let loaded: typeof RxJS | undefined;

/**
 * RxJS, loaded when the first Observable is made. Most pipelines make none, and it takes some ten megabytes and a third of the
 * time that the package takes to load; what makes an Observable answers it at once, so it cannot be waited for.
 */
export function rxjs(): typeof RxJS {
  return (loaded ??= createRequire(import.meta.url)('rxjs') as typeof RxJS);
}
