import type { Outcome, Side, World } from '../case.js';

/** Records of a chain. Their content does not matter: the operators hand them on. */
interface Item {
  readonly id: number;
}

/** Operators in each chain. */
export const OPERATORS = 5;
const WARM_UP = 50_000;
const PASSES = 5;

const items = (size: number): Item[] => Array.from({ length: size }, (_, id) => ({ id }));
const same = <T>(value: T): T => value;

/** A drain: reads a chain over these records to its end, and answers how many came out. */
type Drain = (records: readonly Item[]) => Promise<number>;

/** Nanoseconds a record: the quickest of some passes, which others on the machine disturbed least. */
async function timed(
  drains: readonly Drain[],
  records: readonly Item[],
): Promise<{ count: number; ns: number[] }> {
  for (const drain of drains) await drain(records.slice(0, WARM_UP));
  const ns = drains.map(() => Infinity);
  let count = 0;
  for (let pass = 0; pass < PASSES; pass++)
    for (const [i, drain] of drains.entries()) {
      const start = process.hrtime.bigint();
      count = await drain(records);
      ns[i] = Math.min(ns[i] as number, Number(process.hrtime.bigint() - start) / records.length);
    }
  return { count, ns };
}

function chain(name: string, load: (world: World) => Promise<Drain>): Side {
  return {
    name,
    async load(world) {
      const drain = await load(world);
      const records = items(world.size);
      return async (): Promise<Outcome> => {
        const { count, ns } = await timed([drain], records);
        return { counts: { records: count }, measures: { nsPerRecord: ns[0] as number } };
      };
    },
  };
}

async function count(source: AsyncIterable<unknown>): Promise<number> {
  let total = 0;
  for await (const record of source) if (record !== undefined) total++;
  return total;
}

/** An asynchronous source of records, one by one: what a stream or a cursor is to the other libraries. */
async function* oneByOne(records: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  for (const record of records) yield record;
}

async function* passOn(source: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
  for await (const record of source) yield same(record);
}

/** Five `map`s of rollcall, drained by chunks as its own sinks do. */
export const rollcallChain = chain('rollcall', async (world) => {
  const { map, pipe } = await world.product();
  return async (records) => {
    const flow = pipe(records, map(same<Item>), map(same), map(same), map(same), map(same));
    let total = 0;
    for await (const chunk of flow.chunks()) total += chunk.length;
    return total;
  };
});

export const generatorChain = chain('async generators', async () => (records) => {
  let flow = oneByOne(records);
  for (let i = 0; i < OPERATORS; i++) flow = passOn(flow);
  return count(flow);
});

export const rxjsAsyncChain = chain('RxJS over an async source', async () => {
  const { from, map, count: countAll, lastValueFrom } = await import('rxjs');
  return (records) =>
    lastValueFrom(
      from(oneByOne(records)).pipe(map(same), map(same), map(same), map(same), map(same), countAll()),
    );
});

export const rxjsSyncChain = chain('RxJS over an array in memory', async () => {
  const { from, map, count: countAll, lastValueFrom } = await import('rxjs');
  return (records) =>
    lastValueFrom(from(records).pipe(map(same), map(same), map(same), map(same), map(same), countAll()));
});

export const ixChain = chain('IxJS', async () => {
  const { from } = await import('ix/asynciterable');
  const { map } = await import('ix/asynciterable/operators');
  return (records) =>
    count(from(oneByOne(records)).pipe(map(same), map(same), map(same), map(same), map(same)));
});

export const streamChain = chain('object streams of Node', async () => {
  const { Readable, Transform } = await import('node:stream');
  return (records) => {
    let stream: NodeJS.ReadableStream = Readable.from(records);
    for (let i = 0; i < OPERATORS; i++)
      stream = stream.pipe(
        new Transform({ objectMode: true, transform: (record, _, done) => done(undefined, record) }),
      );
    return count(stream);
  };
});

/** What a hand-written operator adds to a chain of built-in ones. */
export const handWrittenInChain: Side = hop('rollcall, inside a chain', async (world) => {
  const { map, pipe } = await world.product();
  const drain = async (flow: { chunks(): AsyncIterable<readonly unknown[]> }) => {
    let total = 0;
    for await (const chunk of flow.chunks()) total += chunk.length;
    return total;
  };
  return [
    (records) => drain(pipe(records, map(same<Item>), map(same), map(same), map(same), map(same))),
    (records) => drain(pipe(records, map(same<Item>), map(same), map(same), passOn, map(same), map(same))),
  ];
});

/** What the same operator adds to an async generator: its own hop. */
export const handWrittenAlone: Side = hop('its own hop', async () => [
  (records) => count(oneByOne(records)),
  (records) => count(passOn(oneByOne(records))),
]);

/** Measures two chains in turn and tells the difference, a record. */
function hop(name: string, load: (world: World) => Promise<readonly [without: Drain, withIt: Drain]>): Side {
  return {
    name,
    async load(world) {
      const chains = await load(world);
      const records = items(world.size);
      return async () => {
        const { count, ns } = await timed(chains, records);
        const [without = 0, withIt = 0] = ns;
        return { counts: { records: count }, measures: { nsPerRecord: withIt - without, without } };
      };
    },
  };
}
