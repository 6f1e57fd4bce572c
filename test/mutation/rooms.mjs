/** The tests of a stage between source and upload: its own, and those that run several stages. */
function stageTests(room) {
  return [
    `test/${room}/*.test.ts`,
    'test/screening/screen-requests.test.ts',
    'test/properties/batching.test.ts',
    'test/sync/*.test.ts',
    'test/flow/pipe.test.ts',
  ];
}

/**
 * The rooms that are mutated, and the tests their mutants meet: those that need no network, no other process and little
 * time. A room is held by its own tests, so that a run is over within the hour and a survivor names what they miss.
 */
export const ROOMS = {
  okta: {
    mutate: ['src/okta/rate-limit/*.ts', 'src/okta/{exchange,lost-answer,time-limit}.ts'],
    tests: [
      'test/okta/{rate-limit,rate-window,back-off,exchange,lost-answer,server-time,time-limit,clock-set,client,concurrency}.test.ts',
    ],
  },
  upload: {
    mutate: ['src/upload/*.ts'],
    tests: [
      'test/upload/!(large-plan).test.ts',
      'test/sync/*.test.ts',
      'test/events/metrics.test.ts',
      'test/properties/convergence.test.ts',
      'test/mutation/some-seeds.ts',
    ],
  },
  transform: { mutate: ['src/transform/{map,filter,flat-map}.ts'], tests: stageTests('transform') },
  validate: {
    mutate: ['src/validate/{validate,record-check,okta-text}.ts'],
    tests: stageTests('validate'),
  },
  diff: { mutate: ['src/diff/*.ts'], tests: stageTests('diff') },
  guard: { mutate: ['src/guard/*.ts'], tests: stageTests('guard') },
  batch: { mutate: ['src/batch/*.ts'], tests: stageTests('batch') },
  fingerprints: {
    mutate: ['src/fingerprints/*.ts'],
    tests: [
      'test/fingerprints/*.test.ts',
      'test/state/format.test.ts',
      'test/state/lmdb/!(one-writer|durable|killed|open-state|lmdb-state|writer-place).test.ts',
      'test/sync/*.test.ts',
    ],
  },
  state: {
    mutate: ['src/state/**/*.ts'],
    tests: [
      'test/state/**/!(one-writer|durable|killed|open-state|lmdb-state|writer-place).test.ts',
      'test/sync/*.test.ts',
    ],
  },
};

/** The rooms asked for: `ROOMS=okta,upload npm run test:mutation`; all of them where nothing is said. */
export function roomsAskedFor() {
  const names = process.env['ROOMS']?.split(',') ?? Object.keys(ROOMS);
  return names.map((name) => {
    if (!(name in ROOMS))
      throw new Error(`ROOMS: no room "${name}"; there are ${Object.keys(ROOMS).join(', ')}`);
    return ROOMS[name];
  });
}
