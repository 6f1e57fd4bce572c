import type { KernelMemory } from './kernel.js';

/** Fingerprints in memory of the kernel. */
export interface SettledTable {
  readonly memory: KernelMemory;
  readonly at: number;
  readonly slots: number;
  compare(slot: number): boolean;
}
