/** The fields of the row that is being read: where each stands, and what it is. */

/** It is not in the row. */
export const ABSENT: u32 = 0;
/** Its text stands there as it is. */
export const PLAIN: u32 = 1;
/** Its text stands there with every quote doubled. */
export const DOUBLED: u32 = 2;
/** It is JSON's `null`. */
export const NULL: u32 = 3;
/** Its text stands there with JSON's escapes, see `escapes`. */
export const ESCAPED: u32 = 4;

const FIELD_BYTES_LOG: usize = 4;

let fields: usize = 0;

/** Where the fields of a row are kept, 16 bytes each. */
export function setFields(at: usize): void {
  fields = at;
}

export function setField(index: u32, start: usize, length: usize, kind: u32): void {
  const field = fields + ((<usize>index) << FIELD_BYTES_LOG);
  store<u32>(field, <u32>start);
  store<u32>(field, <u32>length, 4);
  store<u32>(field, kind, 8);
}

export function clearFields(count: u32): void {
  for (let i: u32 = 0; i < count; i++) store<u32>(fields + ((<usize>i) << FIELD_BYTES_LOG), ABSENT, 8);
}

export function fieldStart(index: u32): usize {
  return load<u32>(fields + ((<usize>index) << FIELD_BYTES_LOG));
}

export function fieldLength(index: u32): usize {
  return load<u32>(fields + ((<usize>index) << FIELD_BYTES_LOG), 4);
}

export function fieldKind(index: u32): u32 {
  return load<u32>(fields + ((<usize>index) << FIELD_BYTES_LOG), 8);
}
