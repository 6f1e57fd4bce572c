/**
 * The fingerprints of a baseline: open addressing over entries of twelve bytes. A fingerprint is its own hash: its last word
 * says where to look for it, and what stands there are the three before.
 */

const ENTRY_BYTES: usize = 12;

let base: usize = 0;
let slots: u32 = 0;

/** The table that is meant from now on; its memory is zero where it is empty. */
export function setTable(at: usize, slotCount: u32): void {
  base = at;
  slots = slotCount;
}

/** Spreads the whole range of last words over the slots, whose number need not be a power of two. */
function home(fingerprint: usize): u32 {
  return <u32>((<u64>load<u32>(fingerprint, 12) * <u64>slots) >> 32);
}

/** Where a slot's entry stands. */
function entryOf(slot: u32): usize {
  return base + <usize>slot * ENTRY_BYTES;
}

/** The slot of the fingerprint at an address, or -1. */
export function find(fingerprint: usize): i32 {
  const low = load<u64>(fingerprint);
  const high = load<u32>(fingerprint, 8);
  // Three words of zeros are an empty slot: such a fingerprint is never known.
  if (slots === 0 || (low | high) === 0) return -1;
  let slot = home(fingerprint);
  while (true) {
    const entry = entryOf(slot);
    const entryLow = load<u64>(entry);
    const entryHigh = load<u32>(entry, 8);
    if (entryLow === low && entryHigh === high) return slot;
    if ((entryLow | entryHigh) === 0) return -1;
    if (++slot === slots) slot = 0;
  }
}

/** The slots of many fingerprints, as `i32` at `out`. */
export function findEach(fingerprints: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<i32>(out + (i << 2), find(fingerprints + (i << 4)));
}

/** Puts fingerprints in, all but those of free rows (zeros), of unknown ones (ones), and what no slot can hold; answers how many. */
export function addEach(fingerprints: usize, count: u32): u32 {
  let added: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const fingerprint = fingerprints + (i << 4);
    const low = load<u64>(fingerprint);
    const high = load<u32>(fingerprint, 8);
    if ((low | high) === 0 || isUnknown(fingerprint)) continue;
    let slot = home(fingerprint);
    while (true) {
      const entry = entryOf(slot);
      if ((load<u64>(entry) | load<u32>(entry, 8)) === 0) {
        store<u64>(entry, low);
        store<u32>(entry, high, 8);
        break;
      }
      if (++slot === slots) slot = 0;
    }
    added++;
  }
  return added;
}

function isUnknown(fingerprint: usize): bool {
  return (load<u64>(fingerprint) & load<u64>(fingerprint, 8)) === <u64>-1;
}
