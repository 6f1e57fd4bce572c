import type { Case, Outcome, Side, World } from '../case.js';
import { MIXES, userOfSize } from '../data/mixed-sizes.js';

const MAX_ITEMS = 200;
const MAX_BYTES = 200_000;
const FRAME_BYTES = '{"entityType":"USERS","profiles":[]}'.length;
const REQUESTS_PER_SESSION = 50;

type Mix = (i: number, n: number) => number;

function* users(mix: Mix, size: number) {
  for (let i = 0; i < size; i++) yield userOfSize(i, mix(i, size));
}

const itemBytes = (user: ReturnType<typeof userOfSize>) => Buffer.byteLength(JSON.stringify(user));

function outcome(items: number, bytes: number, requests: number): Outcome {
  return {
    counts: { items, bytes },
    measures: { requests, sessions: Math.ceil(requests / REQUESTS_PER_SESSION) },
  };
}

/** Through the outbox of a state on disk, as a run packs. */
function rollcallPacks(mix: Mix): Side {
  return {
    name: 'rollcall',
    async load(world: World) {
      const { batch, diff, guard, openState, pipe, validate } = await world.product();
      return async () => {
        const state = await openState(world.work);
        try {
          const batches = pipe(
            users(mix, world.size),
            validate('users'),
            diff('users', state),
            guard(state),
            batch(),
          );
          let items = 0;
          let bytes = 0;
          let requests = 0;
          for await (const made of batches) {
            if (made.items > MAX_ITEMS || made.bytes > MAX_BYTES) throw new Error('a request is too large');
            requests++;
            items += made.items;
            bytes += made.changes.reduce((sum, { item }) => sum + Buffer.byteLength(item), 0);
          }
          return outcome(items, bytes, requests);
        } finally {
          await state.close();
        }
      };
    },
  };
}

/** `max(ceil(n / 200), ceil(bytes / 200,000))`, with the bytes of items alone: no packing can do with fewer. */
function boundOf(items: number, bytes: number): number {
  return Math.max(Math.ceil(items / MAX_ITEMS), Math.ceil(bytes / MAX_BYTES));
}

/**
 * The same for bodies as they are sent. The limit is on the whole body, and a body of k items has its frame and k - 1 commas
 * besides: R requests hold `bytes + n + R * (frame - 1)` bytes in all, and at most `R * 200,000`.
 */
function boundAsSent(items: number, bytes: number): number {
  return Math.max(Math.ceil(items / MAX_ITEMS), Math.ceil((bytes + items) / (MAX_BYTES + 1 - FRAME_BYTES)));
}

/**
 * The bound that requests are held to. Sessions are held to the bound as sent: where items fill the last session of the
 * first bound to within its commas, no packing can do with that many sessions.
 */
function bound(mix: Mix): Side {
  return {
    name: 'the bound',
    async load({ size }) {
      return async () => {
        let bytes = 0;
        for (const user of users(mix, size)) bytes += itemBytes(user);
        const requestsAsSent = boundAsSent(size, bytes);
        const requests = boundOf(size, bytes);
        const { counts, measures } = outcome(size, bytes, requestsAsSent);
        return { counts, measures: { ...measures, requests, requestsAsSent } };
      };
    },
  };
}

/** Each item into the current request, or the next when it does not fit: what a plain loop does. */
function nextFit(mix: Mix): Side {
  return {
    name: 'next-fit in the order of the source',
    async load({ size }) {
      return async () => {
        let bytes = 0;
        let requests = 1;
        let inRequest = 0;
        let room = MAX_BYTES - FRAME_BYTES;
        for (const user of users(mix, size)) {
          const length = itemBytes(user);
          bytes += length;
          if (inRequest === MAX_ITEMS || length + (inRequest > 0 ? 1 : 0) > room) {
            requests++;
            inRequest = 0;
            room = MAX_BYTES - FRAME_BYTES;
          }
          room -= length + (inRequest > 0 ? 1 : 0);
          inRequest++;
        }
        return outcome(size, bytes, requests);
      };
    },
  };
}

function packing(name: string, mix: Mix): Case[] {
  const common = {
    size: 100_000,
    pairs: 1,
    measure: 'requests',
    unit: 'requests',
    rollcall: rollcallPacks(mix),
  };
  return [
    {
      ...common,
      name: `packing-${name}`,
      title: `requests for sizes ${name}, against max(ceil(n / 200), ceil(bytes / 200,000))`,
      target: { wall: 1.005, noMore: 'sessions' },
      remark: ({ rollcall, peer }) =>
        `requests ${rollcall.measures['requests']}, as sent at least ${peer.measures['requestsAsSent']}; sessions ${rollcall.measures['sessions']}, as sent at least ${peer.measures['sessions']}`,
      peer: bound(mix),
    },
    {
      ...common,
      name: `packing-${name}-next-fit`,
      title: `requests for sizes ${name}, against next-fit`,
      peer: nextFit(mix),
    },
  ];
}

/** Requests for mixed sizes: counts, not times. */
export const packingCases: readonly Case[] = Object.entries(MIXES).flatMap(([name, mix]) =>
  packing(name, mix),
);
