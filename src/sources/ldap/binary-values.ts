/** Attributes whose bytes are a GUID as Microsoft stores it. */
const GUIDS: ReadonlySet<string> = new Set(['objectguid', 'ms-ds-consistencyguid', 'msexchmailboxguid']);
/** Attributes whose bytes are a security identifier. */
const SIDS: ReadonlySet<string> = new Set(['objectsid', 'sidhistory']);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value of an attribute as text: GUIDs and SIDs as the tools of Active Directory write them, base64 where it was asked for, and UTF-8
 * otherwise. Bytes that are none of it stay bytes, so that a mapping that uses them rejects the row.
 *
 * @param attribute - the attribute in lower case, without options
 */
export function valueOf(bytes: Uint8Array, attribute: string, isBase64: boolean): string | Uint8Array {
  if (isBase64) return Buffer.from(bytes).toString('base64');
  if (GUIDS.has(attribute)) return guidText(bytes) ?? bytes;
  if (SIDS.has(attribute)) return sidText(bytes) ?? bytes;
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes;
  }
}

/**
 * A GUID such as `3f2504e0-4f89-11d3-9a0c-0305e82c3301`. The first three parts are little-endian, and the last two are not.
 * Undefined unless there are 16 bytes.
 */
export function guidText(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 16) return undefined;
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = order.map((i) => (bytes[i] as number).toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A security identifier such as `S-1-5-21-...` ([MS-DTYP] 2.4.2). Undefined for bytes of another form. */
export function sidText(bytes: Uint8Array): string | undefined {
  const [revision, parts = 0] = bytes;
  if (revision !== 1 || bytes.length !== 8 + parts * 4) return undefined;
  const view = Buffer.from(bytes);
  const authority = view.readUIntBE(2, 6);
  const rest = Array.from({ length: parts }, (_, i) => view.readUInt32LE(8 + i * 4));
  return ['S', revision, authority, ...rest].join('-');
}
