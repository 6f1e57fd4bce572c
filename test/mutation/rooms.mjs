/**
 * The rooms that are mutated, and the tests their mutants meet: those that need no network, no other process and little
 * time. A room is held by its own tests, so that a run is over within the hour and a survivor names what they miss.
 */
export const ROOMS = {
  okta: {
    mutate: ['src/okta/{rate-limit,rate-window,back-off,exchange,lost-answer,server-time,time-limit}.ts'],
    tests: [
      'test/okta/{rate-limit,rate-window,back-off,exchange,lost-answer,server-time,time-limit,clock-set,client,concurrency}.test.ts',
    ],
  },
  session: {
    mutate: ['src/session/*.ts'],
    tests: [
      'test/session/!(large-plan).test.ts',
      'test/{absence-and-delta,metrics,sync}.test.ts',
      'test/properties/convergence.test.ts',
      'test/mutation/some-seeds.ts',
    ],
  },
  operators: {
    mutate: ['src/operators/*.ts'],
    tests: [
      'test/operators/*.test.ts',
      'test/properties/batching.test.ts',
      'test/{absence-and-delta,sync,pipe}.test.ts',
    ],
  },
  state: {
    mutate: ['src/state/*.ts'],
    tests: ['test/state/!(one-writer|durable|killed).test.ts', 'test/{absence-and-delta,sync}.test.ts'],
  },
};

/** The rooms asked for: `ROOMS=okta,session npm run test:mutation`; all of them where nothing is said. */
export function roomsAskedFor() {
  const names = process.env['ROOMS']?.split(',') ?? Object.keys(ROOMS);
  return names.map((name) => {
    if (!(name in ROOMS))
      throw new Error(`ROOMS: no room "${name}"; there are ${Object.keys(ROOMS).join(', ')}`);
    return ROOMS[name];
  });
}
