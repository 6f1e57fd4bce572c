import type { Hasher } from '../fingerprints/sip-hash.js';
import { hasWebAssembly } from './kernel/kernel.js';
import { createBlockScreen, type ScreenOptions } from './kernel/block-screen.js';
import { kernelHasher } from './kernel/kernel-hasher.js';
import { BLOCK_BYTES } from './block-bytes.js';
import type { RowScreen, RowShape } from './screen.js';
import { screenedRows } from './screened-rows.js';

export {
  screenedOf,
  stageOf,
  type FieldRules,
  type OpenScreened,
  type RowReader,
  type RowScreen,
  type RowShape,
  type ScreenRequest,
} from './screen.js';

/** Recognises unchanged rows before they become records, and hashes records, in WebAssembly. */
export interface Screening {
  /** @param key - 32 hexadecimal characters */
  hasher(key: string): Hasher;
  /** A screen for a file, with so many threads; undefined when its rows cannot be screened. */
  open(options: ScreenOptions, shape: RowShape, threads: number): RowScreen | undefined;
}

/**
 * Screening, which changes no result: only how long a run takes. Undefined where it is turned off, by the option or by the
 * environment (`ROLLCALL_SCREENING=off`), and where there is no WebAssembly (`node --jitless`).
 */
export function screeningFor(wanted = true): Screening | undefined {
  const isOff = !wanted || process.env['ROLLCALL_SCREENING'] === 'off';
  return isOff || !hasWebAssembly ? undefined : { hasher: kernelHasher, open };
}

function open(options: ScreenOptions, shape: RowShape, threads: number): RowScreen | undefined {
  // A screen would take rows that the source calls too long.
  if (shape.maxRecordLength < BLOCK_BYTES) return undefined;
  const screen = createBlockScreen(options, shape, threads);
  return screen && { rows: (input) => screenedRows(input, screen) };
}
