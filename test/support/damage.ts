import fc from 'fast-check';

/** Random numbers from 0 to below 1, for a damage. Without a bias to 0, which would always damage the first page. */
export const draws: fc.Arbitrary<() => number> = fc
  .infiniteStream(fc.noBias(fc.integer({ min: 0, max: 2 ** 32 - 1 })))
  .map((numbers) => () => (numbers.next().value as number) / 2 ** 32);

/** Ways in which a disk, a copy or a person can damage a file. */
export type Damage = (file: Buffer, random: () => number) => Buffer;

const PAGE = 4096;
const below = (random: () => number, limit: number) => Math.floor(random() * limit);
const pagesOf = (file: Buffer) => Math.max(1, Math.floor(file.length / PAGE));
const page = (file: Buffer, number: number) => file.subarray(number * PAGE, (number + 1) * PAGE);

export const DAMAGES: Readonly<Record<string, Damage>> = {
  'a page of zeros': (file, random) => {
    page(file, below(random, pagesOf(file))).fill(0);
    return file;
  },
  'two pages swapped': (file, random) => {
    const first = below(random, pagesOf(file));
    const second = (first + 1 + below(random, pagesOf(file) - 1)) % pagesOf(file);
    const [a, b] = [page(file, first), page(file, second)];
    const before = Buffer.from(a);
    b.copy(a);
    before.copy(b);
    return file;
  },
  'a page of noise': (file, random) => {
    const damaged = page(file, below(random, pagesOf(file)));
    for (let i = 0; i < damaged.length; i++) damaged[i] = below(random, 256);
    return file;
  },
  'half a page of noise': (file, random) => {
    const half = below(random, 2) * (PAGE / 2);
    const damaged = page(file, below(random, pagesOf(file))).subarray(half, half + PAGE / 2);
    for (let i = 0; i < damaged.length; i++) damaged[i] = below(random, 256);
    return file;
  },
  'a flipped bit': (file, random) => {
    const at = below(random, file.length);
    file[at] = (file[at] as number) ^ (1 << below(random, 8));
    return file;
  },
  'a flipped bit in the head of a page': (file, random) => {
    const at = below(random, pagesOf(file)) * PAGE + below(random, 200);
    file[at] = (file[at] as number) ^ (1 << below(random, 8));
    return file;
  },
  'a file that was cut off': (file, random) => file.subarray(0, below(random, file.length)),
};
