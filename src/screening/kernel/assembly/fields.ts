/** The fields of the row that is being read: the address, length and kind of each. */

/** The row does not have the field. */
export const ABSENT: u32 = 0;
/** The bytes are the text. */
export const PLAIN: u32 = 1;
/** The bytes are the text with every quote doubled. */
export const DOUBLED: u32 = 2;
/** JSON's `null`. */
export const NULL: u32 = 3;
/** The bytes are the text with JSON escapes, see `escapes.ts`. */
export const ESCAPED: u32 = 4;

const FIELD_BYTES_LOG: usize = 4;

let fields: usize = 0;

/** Sets the address of the fields, 16 bytes each. */
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
