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

/** Recognises unchanged rows before they are parsed, and hashes records, in WebAssembly. */
export interface Screening {
  /** @param key - 32 hexadecimal characters */
  hasher(key: string): Hasher;
  /** Creates a screen for a file, with this many worker threads; undefined if its rows cannot be screened. */
  open(options: ScreenOptions, shape: RowShape, threads: number): RowScreen | undefined;
}

/**
 * Screening makes a run faster and changes no result. Undefined if it is turned off by the option or by the environment
 * (`ROLLCALL_SCREENING=off`), or if there is no WebAssembly (`node --jitless`).
 */
export function screeningFor(wanted = true): Screening | undefined {
  const isOff = !wanted || process.env['ROLLCALL_SCREENING'] === 'off';
  return isOff || !hasWebAssembly ? undefined : { hasher: kernelHasher, open };
}

function open(options: ScreenOptions, shape: RowShape, threads: number): RowScreen | undefined {
  // A screen accepts any row up to the size of a block, so it would accept rows that are too long for this source.
  if (shape.maxRecordLength < BLOCK_BYTES) return undefined;
  const screen = createBlockScreen(options, shape, threads);
  return screen && { rows: (input) => screenedRows(input, screen) };
}
