/** The fingerprints of a baseline: open addressing over 16-byte entries. A fingerprint is its own hash. */

let base: usize = 0;
let slots: u32 = 0;

/** The table that is meant from now on; its memory is zero where it is empty. */
export function setTable(at: usize, slotCount: u32): void {
  base = at;
  slots = slotCount;
}

/** Spreads the whole range of first words over the slots, whose number need not be a power of two. */
function home(fingerprint: usize): u32 {
  return <u32>((<u64>load<u32>(fingerprint) * <u64>slots) >> 32);
}

/** The slot of the fingerprint at an address, or -1. */
export function find(fingerprint: usize): i32 {
  if (slots === 0) return -1;
  const low = load<u64>(fingerprint);
  const high = load<u64>(fingerprint, 8);
  let slot = home(fingerprint);
  while (true) {
    const entry = base + ((<usize>slot) << 4);
    const entryLow = load<u64>(entry);
    const entryHigh = load<u64>(entry, 8);
    if (entryLow === low && entryHigh === high) return slot;
    if ((entryLow | entryHigh) === 0) return -1;
    if (++slot === slots) slot = 0;
  }
}

/** The slots of many fingerprints, as `i32` at `out`. */
export function findEach(fingerprints: usize, count: u32, out: usize): void {
  for (let i: u32 = 0; i < count; i++) store<i32>(out + (i << 2), find(fingerprints + (i << 4)));
}

/** Puts fingerprints in, all but those of free rows (zeros) and of unknown ones (ones); answers how many. */
export function addEach(fingerprints: usize, count: u32): u32 {
  let added: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const fingerprint = fingerprints + (i << 4);
    const low = load<u64>(fingerprint);
    const high = load<u64>(fingerprint, 8);
    if ((low | high) === 0 || (low & high) === <u64>-1) continue;
    let slot = home(fingerprint);
    while (true) {
      const entry = base + ((<usize>slot) << 4);
      if ((load<u64>(entry) | load<u64>(entry, 8)) === 0) {
        store<u64>(entry, low);
        store<u64>(entry, high, 8);
        break;
      }
      if (++slot === slots) slot = 0;
    }
    added++;
  }
  return added;
}
