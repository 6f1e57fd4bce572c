import { ENTITIES } from '../../core/model.js';
import type { PlanSummary, UploadReport, EntityReport } from '../../core/results.js';
import { SAMPLE_OUTCOMES } from '../../core/sample-results.js';
import { DIFFERENCE_STATUSES } from '../../core/verify-results.js';
import { DEACTIVATION_OUTCOMES } from '../../upload/deactivate.js';
import type { JsonEvent } from './json-display.js';
import type { JsonSchema } from '../settings/setting-kinds.js';

const text: JsonSchema = { type: 'string' };
const whole: JsonSchema = { type: 'integer', minimum: 0 };
const time: JsonSchema = { type: 'string', format: 'date-time' };
const entity: JsonSchema = { enum: ENTITIES };
const kind: JsonSchema = { enum: ['upsert', 'delete'] };
const ref = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` });
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** An object; what ends in `?` may be missing. */
function object(members: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const entries = Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ''), schema] as const);
  const required = Object.keys(members).filter((name) => !name.endsWith('?'));
  return { type: 'object', properties: Object.fromEntries(entries), required };
}

const byEntity = (schema: JsonSchema) => object(Object.fromEntries(ENTITIES.map((name) => [name, schema])));

const planSummary = {
  hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  entities: byEntity(ref('counts')),
  population: byEntity(whole),
  requests: whole,
  sessions: whole,
  leastMs: whole,
  mostMs: whole,
  changedAttributes: list(ref('attributeChanges')),
  heldBackDeletes: byEntity(whole),
  idChanges: object({ count: whole, examples: list(object({ from: text, to: text })) }),
  resends: byEntity(whole),
  uncleared: list(object({ entity: text, attribute: text, records: whole, examples: list(text) })),
  groupLosses: object({ count: whole, examples: list(object({ group: text, members: whole, lost: whole })) }),
} satisfies Record<keyof PlanSummary, JsonSchema>;
const uploadReport = {
  confirmed: byEntity(ref('counts')),
  remaining: whole,
  refused: list(ref('rejection')),
  rejections: list(ref('rejection')),
  requests: whole,
  sessions: whole,
  bytes: whole,
} satisfies Record<keyof UploadReport, JsonSchema>;
const source = {
  read: whole,
  unchanged: whole,
  creates: whole,
  resends: whole,
  updates: whole,
  deletes: whole,
  rejected: whole,
  heldBackDeletes: whole,
  sparedDeletes: whole,
  leftOut: whole,
  refusedBefore: whole,
  excluded: whole,
  superseded: whole,
  blank: whole,
  unsent: whole,
} satisfies Record<keyof EntityReport, JsonSchema>;
const sources = {
  type: 'object',
  properties: Object.fromEntries(ENTITIES.map((name) => [name, ref('source')])),
};

const DEFINITIONS: Readonly<Record<string, JsonSchema>> = {
  counts: object({ creates: whole, updates: whole, deletes: whole }),
  rejection: object({
    entity,
    'externalId?': text,
    'file?': text,
    'line?': whole,
    position: whole,
    'field?': text,
    code: text,
    reason: text,
  }),
  source: object(source),
  attributeChanges: object({ entity, attribute: text, updates: whole }),
  trip: object({
    entity,
    rule: text,
    actual: { type: 'number' },
    limit: { type: 'number' },
    population: whole,
    'attribute?': text,
  }),
  planSummary: object(planSummary),
  plan: object({
    ...planSummary,
    sources,
    trips: list(ref('trip')),
    rejections: list(ref('rejection')),
  }),
  uploadReport: object(uploadReport),
  syncReport: object({
    ...uploadReport,
    plan: ref('planSummary'),
    sources,
    rejections: list(ref('rejection')),
    settled: whole,
    'watermarkKept?': { type: 'boolean' },
    'sample?': ref('sampleReport'),
    startedAt: time,
    endedAt: time,
  }),
  sampleReport: object({
    confirmed: whole,
    counts: object(Object.fromEntries(SAMPLE_OUTCOMES.map((name) => [name, whole]))),
    differences: whole,
    examples: list(ref('difference')),
    repaired: whole,
    notes: list(text),
  }),
  outlook: object({
    'otherTarget?': object({ orgUrl: text, identitySourceId: text }),
    inFlight: list(
      object({
        'sessionId?': text,
        'status?': text,
        rows: whole,
        'settling?': { enum: ['confirm', 'wait', 'trigger', 'cancel', 'doubt'] },
      }),
    ),
    'foreign?': list(object({ sessionId: text, status: text, 'ageMs?': whole })),
    'unknown?': text,
  }),
  status: object({
    state: text,
    condition: { enum: ['ready', 'new', 'busy'] },
    'heldBy?': object({ pid: whole, host: text, since: time }),
    'target?': object({ orgUrl: text, identitySourceId: text }),
    'baseline?': byEntity(object({ known: whole, unknown: whole })),
    'lastRun?': object({
      startedAt: time,
      endedAt: time,
      exitCode: { enum: [0, 1, 2, 3, 4, 5, 6] },
      'code?': text,
      confirmed: whole,
      'remaining?': whole,
      'undone?': object({ rejected: whole, refused: whole, heldBack: whole, unsent: whole }),
    }),
    'remembered?': whole,
    'pending?': list(
      object({ 'sessionId?': text, phase: text, loads: whole, acknowledged: whole, rows: whole }),
    ),
    'sessions?': list(object({ sessionId: text, status: text, 'created?': text, ours: { type: 'boolean' } })),
  }),
  verifyReport: object({
    counts: byEntity(
      object(Object.fromEntries(['same', ...DIFFERENCE_STATUSES].map((name) => [name, whole]))),
    ),
    differences: whole,
    examples: list(ref('difference')),
    readUsers: { enum: ['pages', 'single'] },
    'sample?': whole,
    repaired: whole,
    inFlight: whole,
    rejected: whole,
    'importedLater?': object({ users: whole, newest: time, endedAt: time }),
    notes: list(text),
    startedAt: time,
    endedAt: time,
  }),
  difference: object({
    entity,
    status: { enum: DIFFERENCE_STATUSES },
    'externalId?': text,
    'memberExternalId?': text,
    attributes: list(text),
    'oktaId?': text,
  }),
  checkReport: object({
    checks: list(
      object({ name: text, result: { enum: ['ok', 'warning', 'fault'] }, message: text, 'advice?': text }),
    ),
    faults: whole,
    warnings: whole,
  }),
  explainReport: object({
    id: text,
    found: { type: 'boolean' },
    explained: list(ref('explained')),
    'loginIn?': list({ enum: ['sources', 'state', 'Okta'] }),
    inFlight: object({
      sessions: whole,
      rows: whole,
      touching: object({ count: whole, first: list(ref('rowInFlight')) }),
    }),
    trips: list(ref('trip')),
  }),
  rowInFlight: object({ 'sessionId?': text, phase: text, entity, kind, id: text }),
  explained: object({
    entity,
    'places?': list(
      object({
        'file?': text,
        'line?': whole,
        position: whole,
        result: { enum: ['record', 'leftOut', 'notMapped'] },
        'attributes?': list(object({ name: text, length: { type: ['integer', 'null'] } })),
      }),
    ),
    matches: whole,
    rejections: list(ref('rejection')),
    state: object({
      row: { enum: ['confirmed', 'unknown', 'none'] },
      absences: whole,
      refusedBefore: { type: 'boolean' },
    }),
    similar: list(text),
    okta: object({
      found: { enum: [true, false, 'unknown'] },
      'attributes?': list(text),
      'differing?': list(text),
      'why?': text,
    }),
    next: object({
      action: { enum: ['create', 'update', 'resend', 'delete', 'nothing'] },
      reason: text,
    }),
  }),
  deactivated: object({
    id: text,
    outcome: { enum: DEACTIVATION_OUTCOMES },
    'reason?': text,
  }),
  cancelled: object({
    cancelled: list(text),
    ran: list(text),
    foreign: list(text),
    forgotten: list(text),
  }),
};

type Members<T> = { readonly [K in Exclude<keyof T, 'type'> as K extends string ? K : never]-?: JsonSchema };

interface EventSchema<T> {
  readonly description: string;
  readonly members: Members<T>;
  /** Members that a line may lack. */
  readonly optional?: readonly (keyof T)[];
}

/** Every line that `--json` writes, by its type. The compiler holds it to the events: none and no member is missing. */
export const EVENT_SCHEMAS: {
  readonly [T in JsonEvent['type']]: EventSchema<Extract<JsonEvent, { type: T }>>;
} = {
  'state:new': {
    description: 'The state is new: people who left the source before this run cannot be found.',
    members: {},
  },
  'source:progress': {
    description: 'Some thousand records more were read.',
    members: { entity, read: whole },
  },
  'source:end': {
    description: "An entity's source was read to its end.",
    members: { entity, read: whole, rejected: whole },
  },
  'record:rejected': { description: 'A record was rejected.', members: { rejection: ref('rejection') } },
  'journal:settled': {
    description: 'A session that an earlier run left in flight was settled.',
    members: { sessionId: text, outcome: { enum: ['completed', 'dropped', 'unknown'] } },
    optional: ['sessionId'],
  },
  'plan:ready': {
    description: 'The plan is complete, and has not passed the guard yet.',
    members: { plan: ref('planSummary'), earliestEnd: time, estimatedEnd: time },
  },
  'session:created': {
    description: 'A session was created; `number` counts those of this run.',
    members: { sessionId: text, number: whole },
  },
  'batch:sent': {
    description: 'Okta acknowledged a request; `requests` counts those of its session.',
    members: { sessionId: text, entity, kind, items: whole, bytes: whole, requests: whole },
  },
  'batch:refused': {
    description:
      'Okta refused a record, with the reason in `rejection`; it was singled out and stays behind.',
    members: { sessionId: text, entity, kind, items: whole, rejection: ref('rejection') },
  },
  'session:triggered': { description: 'The import of a session was started.', members: { sessionId: text } },
  'session:completed': {
    description: 'Okta completed the import of a session.',
    members: { sessionId: text, changes: whole },
  },
  'session:replayed': {
    description: 'A session was given up, and what it held is sent again in a new one.',
    members: { sessionId: text, reason: text, attempt: whole },
    optional: ['sessionId'],
  },
  'session:cancelled': { description: 'A session was cancelled.', members: { sessionId: text } },
  'session:failed': {
    description: 'A session ended, and its import was not completed.',
    members: { sessionId: text, status: text },
  },
  'session:status': {
    description: 'A session has a status that this version does not know; it is asked for until it ends.',
    members: { sessionId: text, status: text },
  },
  'state:committed': {
    description: "A session's changes are now part of the baseline.",
    members: { sessionId: text, changes: whole, remaining: whole, earliestEnd: time, estimatedEnd: time },
  },
  'wait:start': {
    description: 'The run waits. `until` is when it goes on; for an import, when it is given up.',
    members: {
      reason: { enum: ['session-cooldown', 'import', 'rate-limit', 'read-only', 'back-off'] },
      until: time,
      sessionId: text,
    },
    optional: ['sessionId'],
  },
  'sample:start': {
    description: 'So many confirmed changes are now read back from Okta, for `--verify-sample`.',
    members: { changes: whole },
  },
  'run:done': { description: 'Everything was sent.', members: { sent: whole, remaining: whole } },
  'abort:requested': {
    description: 'A signal came, and the run is being ended in order.',
    members: { signal: { enum: ['SIGINT', 'SIGTERM'] } },
  },
  'state:busy': {
    description: 'Another process uses the state; the command waits for it, at most until `until`.',
    members: { pid: whole, host: text, since: time, until: time },
  },
  'verify:progress': {
    description: 'Some thousand entities more were read from Okta.',
    members: { entity, read: whole },
  },
  'check:report': {
    description: 'The outcome of `check`: what is in order, what needs attention, and what is at fault.',
    members: { report: ref('checkReport') },
  },
  'plan:report': {
    description: 'The outcome of `plan`; with a new state, people who left before cannot be found.',
    members: { plan: ref('plan'), newState: { type: 'boolean' }, outlook: ref('outlook') },
  },
  'sync:report': { description: 'The outcome of `sync`.', members: { report: ref('syncReport') } },
  'status:report': { description: 'The outcome of `status`.', members: { status: ref('status') } },
  'cancel:report': { description: 'The outcome of `cancel`.', members: { cancelled: ref('cancelled') } },
  'deactivate:report': {
    description: 'The outcome of `deactivate`: what became of each user. `sent` is false without `--yes`.',
    members: { report: object({ sent: { type: 'boolean' }, users: list(ref('deactivated')) }) },
  },
  'adopt:report': {
    description: 'The outcome of `sync --adopt`: changes that the state took for what Okta holds.',
    members: { adopted: whole, leavers: whole },
    optional: ['leavers'],
  },
  'verify:report': {
    description: 'The outcome of `verify`: how many entities are the same at Okta, and how many differ.',
    members: { report: ref('verifyReport') },
  },
  'explain:report': {
    description:
      'The outcome of `explain`: an id in the sources, the state, Okta and the plan. It has lengths of attributes, and no values.',
    members: { report: ref('explainReport') },
  },
  'state:report': {
    description: 'The outcome of `state export`, `import` and `verify`: entities in it.',
    members: { rows: byEntity(whole) },
  },
  'state:retargeted': {
    description: 'The outcome of `state retarget`: the old and the new address of the org.',
    members: { from: text, to: text },
  },
  'simulate:ready': {
    description: 'The simulated org takes requests.',
    members: { url: text, identitySourceId: text, token: text },
  },
  'init:written': { description: 'The outcome of `init`.', members: { files: list(text) } },
  'run:error': {
    description: 'Why a command did not come to its end; `report` is what was done before.',
    members: {
      code: text,
      message: text,
      exitCode: { enum: [1, 2, 3, 4] },
      trips: list(ref('trip')),
      planHash: text,
      report: ref('uploadReport'),
    },
    optional: ['code', 'trips', 'planHash', 'report'],
  },
};

/** The JSON Schema of one line of `--json`; `event-schema.json` is its text. Members may be added at any time. */
export function eventSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = { ...DEFINITIONS };
  for (const [type, { description, members, optional = [] }] of Object.entries(EVENT_SCHEMAS)) {
    const named = Object.entries(members as Readonly<Record<string, JsonSchema>>).map(
      ([name, schema]) =>
        [(optional as readonly string[]).includes(name) ? `${name}?` : name, schema] as const,
    );
    definitions[type] = {
      description,
      ...object({ time, type: { const: type }, ...Object.fromEntries(named) }),
    };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A line of rollcall --json',
    oneOf: Object.keys(EVENT_SCHEMAS).map(ref),
    $defs: definitions,
  };
}
