const GROWTH = 1.5;
const LEAST = 64;

/** Where pages are, by their number: a file, an offset and a size, in typed arrays of 14 bytes a page. */
export class PageMap {
  #files = new Uint16Array(LEAST);
  #offsets = new Float64Array(LEAST);
  #sizes = new Uint32Array(LEAST);
  #end = 0;
  #bytes = 0;

  /** Bytes of all pages. */
  get bytes(): number {
    return this.#bytes;
  }

  set(number: number, file: number, offset: number, size: number): void {
    if (number >= this.#sizes.length) this.#grow(number + 1);
    this.#bytes += size - (this.#sizes[number] as number);
    this.#files[number] = file;
    this.#offsets[number] = offset;
    this.#sizes[number] = size;
    this.#end = Math.max(this.#end, number + 1);
  }

  /** 0 where there is no such page. */
  size(number: number): number {
    return number < this.#end ? (this.#sizes[number] as number) : 0;
  }

  file(number: number): number {
    return this.#files[number] as number;
  }

  offset(number: number): number {
    return this.#offsets[number] as number;
  }

  /** How many pages from this one on stand one after the other in a file, within so many bytes; at least one. */
  run(first: number, end: number, bytes: number): number {
    let last = first;
    let next = this.offset(first) + this.size(first);
    let rest = bytes - this.size(first);
    while (last + 1 < end && this.#follows(last + 1, this.file(first), next, rest)) {
      last++;
      next += this.size(last);
      rest -= this.size(last);
    }
    return last + 1 - first;
  }

  #follows(number: number, file: number, offset: number, rest: number): boolean {
    const size = this.size(number);
    return size > 0 && size <= rest && this.file(number) === file && this.offset(number) === offset;
  }

  #grow(least: number): void {
    const length = Math.max(least, Math.ceil(this.#sizes.length * GROWTH));
    const files = new Uint16Array(length);
    const offsets = new Float64Array(length);
    const sizes = new Uint32Array(length);
    files.set(this.#files);
    offsets.set(this.#offsets);
    sizes.set(this.#sizes);
    [this.#files, this.#offsets, this.#sizes] = [files, offsets, sizes];
  }
}
