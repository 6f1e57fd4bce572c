/**
 * An entry of a directory. An attribute with one value is a text, one with several is a list, and one without is absent. Attributes that
 * are lists by nature, such as `member` and `memberOf`, are lists with one value too. Values that are not text are bytes.
 */
export type LdapRow = Readonly<Record<string, LdapCell>>;

/** The values of an attribute. */
export type LdapCell = string | Uint8Array | readonly (string | Uint8Array)[];
