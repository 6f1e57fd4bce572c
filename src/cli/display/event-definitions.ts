import { ENTITIES } from '../../core/model.js';
import type { EntityReport, PlanSummary, UploadReport } from '../../core/results.js';
import { SAMPLE_OUTCOMES } from '../../core/sample-results.js';
import { DIFFERENCE_STATUSES } from '../../core/verify-results.js';
import { DEACTIVATION_OUTCOMES } from '../../upload/deactivate.js';
import type { Findings } from '../mapping/source-findings.js';
import type { JsonSchema } from '../settings/setting-kinds.js';
import { byEntity, entity, kind, list, object, ref, text, time, whole } from './schema-parts.js';

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
  idChanges: object({
    count: whole,
    examples: list(object({ from: text, to: text, 'onlyIn?': list(text) })),
  }),
  resends: byEntity(whole),
  uncleared: list(object({ entity: text, attribute: text, records: whole, examples: list(text) })),
  groupLosses: object({ count: whole, examples: list(object({ group: text, members: whole, lost: whole })) }),
} satisfies Record<keyof PlanSummary, JsonSchema>;
const uploadReport = {
  confirmed: byEntity(ref('counts')),
  remaining: whole,
  remainingByEntity: byEntity(whole),
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
/** The counts of each source, by entity. */
export const sources = {
  type: 'object',
  properties: Object.fromEntries(ENTITIES.map((name) => [name, ref('source')])),
};

/** The objects that the events share, by the names of their `$defs`. */
export const DEFINITIONS: Readonly<Record<string, JsonSchema>> = {
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
    'lookup?': text,
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
    owed: object({ count: whole, records: list(ref('owedRecord')), tooMany: { type: 'boolean' } }),
    'sample?': ref('sampleReport'),
    startedAt: time,
    endedAt: time,
  }),
  findings: object({
    'values?': list(object({ entity, column: text, 'values?': list(object({ value: text, rows: whole })) })),
    nearValues: list(object({ entity, column: text, text, value: text })),
    noneLeftOut: list(entity),
    allLeftOut: list(entity),
    otherAttributes: list(object({ entity, attribute: text })),
    missingWords: list(object({ entity, attribute: text, word: text, rows: whole })),
  } satisfies Record<keyof Omit<Findings, 'values'> | 'values?', JsonSchema>),
  owedRecord: object({ entity, 'externalId?': text, code: text, since: time, 'watermark?': text }),
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
      'confirmedByEntity?': byEntity(whole),
      'remaining?': whole,
      'remainingByEntity?': byEntity(whole),
      'undone?': object({ rejected: whole, refused: whole, heldBack: whole, unsent: whole, owed: whole }),
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
      'externalId?': text,
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
