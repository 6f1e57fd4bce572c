/** A boundary of the protocol at which the program is killed. */
export interface Point {
  /** Where the kill comes from: the program says that it is there, or the org has applied a request. */
  readonly by: 'program' | 'org';
  /** What happens there, and the number of the time. */
  readonly at: string;
}

const JOURNAL = [
  'creating 1',
  'created 1',
  'loading 1',
  'loaded 1',
  'loading 2',
  'loaded 2',
  'loading 3',
  'loaded 3',
  'triggering 1',
  'triggered 1',
  'settle 1',
];

const CALLS = [
  'createSession 1',
  'upsertUsers 1',
  'upsertGroups 1',
  'upsertMemberships 1',
  'startImport 1',
  'getSession 1',
];

const REQUESTS = [
  'POST /sessions 1',
  'POST /bulk-upsert 1',
  'POST /bulk-groups-upsert 1',
  'POST /bulk-group-memberships-upsert 1',
  'POST /start-import 1',
  'GET /session 1',
];

/**
 * Every boundary of a session with three uploads: before and after each write of the journal, before each request is
 * sent, and after it was applied and before its answer.
 */
export const POINTS: readonly Point[] = [
  ...JOURNAL.flatMap((at): Point[] => [
    { by: 'program', at: `before journal.${at}` },
    { by: 'program', at: `after journal.${at}` },
  ]),
  ...CALLS.map((at): Point => ({ by: 'program', at: `before okta.${at}` })),
  ...REQUESTS.map((at): Point => ({ by: 'org', at })),
];

/** Points that a run comes to which settles what an earlier one left, or sends it anew. */
export const SECOND_POINTS: readonly Point[] = [
  { by: 'program', at: 'before journal.settle 1' },
  { by: 'program', at: 'after journal.settle 1' },
  { by: 'program', at: 'before okta.deleteSession 1' },
  { by: 'program', at: 'after journal.triggered 1' },
  { by: 'org', at: 'GET /session 1' },
  { by: 'org', at: 'DELETE /session 1' },
  { by: 'org', at: 'POST /start-import 1' },
];

/** The name of a request, as {@link Point} has it. */
export function requestName(method: string, path: string): string {
  const rest = /\/sessions(?:\/[^/]+)?(\/[a-z-]+)?$/.exec(path);
  if (rest?.[1] !== undefined) return `${method} ${rest[1]}`;
  return /\/sessions\/[^/]+$/.test(path) ? `${method} /session` : `${method} /sessions`;
}
