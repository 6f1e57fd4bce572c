/**
 * What tests need beside the simulator: a state in memory, and the clock.
 *
 * @module rollcall/testing
 * @packageDocumentation
 */
export { MemoryDisk } from '../state/memory/memory-disk.js';
export { memoryState, type MemoryStateOptions } from '../state/memory/memory-state.js';
export { systemClock, type Clock } from '../core/clock.js';
