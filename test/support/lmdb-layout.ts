/** Where things lie in a file of LMDB, for tests that change one of them. */

const PAGE = 4096;
const HEADER = 24;

/** A tree of pages: where its record lies. Its root, depth and counts are in it. */
export class TreeLayout {
  constructor(
    readonly file: Buffer,
    readonly record: number,
  ) {}
  get depth(): number {
    return this.file.readUInt16LE(this.record + 6);
  }
  /** Where the page begins that is reached by taking each time the n-th child, from the root on. */
  page(...children: number[]): number {
    let at = Number(this.file.readBigUInt64LE(this.record + 40)) * PAGE;
    for (const child of children) {
      const entry = entryOf(this.file, at, child);
      at = (this.file.readUInt32LE(entry) + this.file.readUInt16LE(entry + 4) * 2 ** 32) * PAGE;
    }
    return at;
  }
  /** The first leaf. */
  get leaf(): number {
    return this.page(...Array<number>(this.depth - 1).fill(0));
  }
}

/** Where the n-th entry of a page begins. */
export function entryOf(file: Buffer, page: number, n: number): number {
  return page + HEADER + file.readUInt16LE(page + HEADER + 2 * n);
}

/** Where the value of an entry begins. */
export function valueOf(file: Buffer, entry: number): number {
  return entry + 8 + file.readUInt16LE(entry + 6);
}

/** Where the newer and the older meta page begin. */
export function metasOf(file: Buffer): readonly [newer: number, older: number] {
  return file.readBigUInt64LE(152) > file.readBigUInt64LE(PAGE + 152) ? [0, PAGE] : [PAGE, 0];
}

export const freeTree = (file: Buffer) => new TreeLayout(file, metasOf(file)[0] + 48);
export const mainTree = (file: Buffer) => new TreeLayout(file, metasOf(file)[0] + 96);

/** A named database of a file that has no more of them than a page holds. */
export function namedTree(file: Buffer, name: string): TreeLayout {
  const main = mainTree(file);
  for (let n = 0; n < file.readUInt16LE(main.leaf + 20) / 2; n++) {
    const entry = entryOf(file, main.leaf, n);
    if (file.toString('latin1', entry + 8, valueOf(file, entry)).includes(name))
      return new TreeLayout(file, valueOf(file, entry));
  }
  throw new Error(`there is no database ${name}`);
}
