/** Offsets in a file of LMDB, for tests that damage it. */

const PAGE = 4096;
const HEADER = 24;

/** A tree of pages, by the offset of its record, which contains its root, depth and counts. */
export class TreeLayout {
  constructor(
    readonly file: Buffer,
    readonly record: number,
  ) {}
  get depth(): number {
    return this.file.readUInt16LE(this.record + 6);
  }
  /** The offset of a page, by the index of the child on each level below the root. */
  page(...children: number[]): number {
    let at = Number(this.file.readBigUInt64LE(this.record + 40)) * PAGE;
    for (const child of children) {
      const entry = entryOf(this.file, at, child);
      at = (this.file.readUInt32LE(entry) + this.file.readUInt16LE(entry + 4) * 2 ** 32) * PAGE;
    }
    return at;
  }
  /** The offset of the first leaf. */
  get leaf(): number {
    return this.page(...Array<number>(this.depth - 1).fill(0));
  }
}

/** The offset of the n-th entry of a page. */
export function entryOf(file: Buffer, page: number, n: number): number {
  return page + HEADER + file.readUInt16LE(page + HEADER + 2 * n);
}

/** The offset of the value of an entry. */
export function valueOf(file: Buffer, entry: number): number {
  return entry + 8 + file.readUInt16LE(entry + 6);
}

/** The offsets of the two meta pages. */
export function metasOf(file: Buffer): readonly [newer: number, older: number] {
  return file.readBigUInt64LE(152) > file.readBigUInt64LE(PAGE + 152) ? [0, PAGE] : [PAGE, 0];
}

export const freeTree = (file: Buffer) => new TreeLayout(file, metasOf(file)[0] + 48);
export const mainTree = (file: Buffer) => new TreeLayout(file, metasOf(file)[0] + 96);

/** A named database. The list of databases must fit into one page. */
export function namedTree(file: Buffer, name: string): TreeLayout {
  const main = mainTree(file);
  for (let n = 0; n < file.readUInt16LE(main.leaf + 20) / 2; n++) {
    const entry = entryOf(file, main.leaf, n);
    if (file.toString('latin1', entry + 8, valueOf(file, entry)).includes(name))
      return new TreeLayout(file, valueOf(file, entry));
  }
  throw new Error(`there is no database ${name}`);
}
