import type { JsonSchema } from '../settings/setting-kinds.js';
import { DEFINITIONS, sources } from './event-definitions.js';
import type { JsonEvent } from './json-display.js';
import { byEntity, entity, kind, list, object, ref, text, time, whole } from './schema-parts.js';

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
    description: 'The plan is complete, and has not passed the guard yet; `sources` is what was read.',
    members: { plan: ref('planSummary'), sources, earliestEnd: time, estimatedEnd: time },
  },
  'session:created': {
    description:
      'A session was created; `number` counts those of this run, and `requests` are those it is to have.',
    members: { sessionId: text, number: whole, requests: whole },
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
    members: {
      sessionId: text,
      changes: whole,
      changesByEntity: byEntity(whole),
      remaining: whole,
      remainingByEntity: byEntity(whole),
      earliestEnd: time,
      estimatedEnd: time,
    },
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
    members: {
      plan: ref('plan'),
      newState: { type: 'boolean' },
      outlook: ref('outlook'),
      findings: ref('findings'),
    },
  },
  'sync:report': {
    description: 'The outcome of `sync`.',
    members: { report: ref('syncReport'), findings: ref('findings') },
  },
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
  'state:owed': {
    description:
      'The outcome of `state owed`: the records of feeds that Okta does not have, and those that were removed from the list.',
    members: { records: list(ref('owedRecord')), forgotten: list(ref('owedRecord')) },
  },
  'state:migrated': {
    description:
      'The outcome of `state migrate`: the version of the tables before and after; 0 for a schema without them.',
    members: { from: whole, to: whole },
  },
  'state:moved': {
    description:
      'The outcome of `state move`: the old and the new place of the state, and the entities in it.',
    members: { from: text, to: text, rows: byEntity(whole) },
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
      findings: ref('findings'),
      report: ref('uploadReport'),
    },
    optional: ['code', 'trips', 'planHash', 'findings', 'report'],
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
