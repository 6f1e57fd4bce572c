/** Tests that `npm test` leaves out, because of what they need or how long they take. `npm run test:all` runs them too. */
export const LEFT_OUT: readonly { readonly files: readonly string[]; readonly what: string }[] = [
  { files: ['test/services/**'], what: 'real servers: PostgreSQL, MariaDB, SQLite, LDAP' },
  { files: ['test/report/browser.test.ts'], what: 'the report page in a browser' },
  {
    files: ['test/examples/**', 'test/docs.test.ts', 'test/reference.test.ts'],
    what: 'all examples, guides and snippets of the documentation, executed, and its reference, made anew',
  },
  { files: ['test/reference.test.ts'], what: 'the reference of the API, made anew from the code' },
  {
    files: ['test/simulation/seeds-*.test.ts', 'test/simulation/simulation.test.ts'],
    what: 'thousands of simulated days with faults',
  },
  {
    files: [
      'test/properties/**',
      'test/okta/oauth-sync.test.ts',
      'test/screening/screened-*.test.ts',
      'test/sync/omission.test.ts',
      'test/upload/poison.test.ts',
      'test/state/lmdb/digest-cache.test.ts',
    ],
    what: 'properties of whole runs, with screening and without, and of caches that are damaged at random',
  },
  {
    files: ['test/kill/**', 'test/disk/**', 'test/state/lmdb/killed.test.ts', 'test/cli/process.test.ts'],
    what: 'processes that are killed, or whose disk fails',
  },
  {
    files: ['test/state/lmdb/{check-pages,damage,one-writer}.test.ts'],
    what: 'states that are damaged, and processes that want the same one',
  },
  { files: ['test/cli/shell/completion.test.ts'], what: 'completion in bash, zsh and fish' },
  { files: ['test/cli/pseudo-terminal.test.ts'], what: 'the lines of a real terminal, at four widths' },
  { files: ['test/bench/**'], what: 'the benchmarks, with small sizes' },
  {
    files: ['test/screening/jitless.test.ts', 'test/screening/kernel/module.test.ts'],
    what: 'Node without WebAssembly, and the WebAssembly compiled anew',
  },
];

/** The patterns of {@link LEFT_OUT}. */
export const LEFT_OUT_FILES: readonly string[] = LEFT_OUT.flatMap(({ files }) => files);
