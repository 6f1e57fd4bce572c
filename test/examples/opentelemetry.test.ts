import { SpanStatusCode } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { GuardError, type SyncOptions } from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { describe, expect, it } from 'vitest';
import { observedSync } from '../../examples/opentelemetry.js';
import type { OrgOptions } from '../../src/simulator/index.js';
import { clientOf, company, makeOrg } from '../support/world.js';
import { inVirtualTime } from '../support/virtual-time.js';

/** Runs with the real SDK, and gives its spans and counters. */
async function observed(options: Partial<SyncOptions>, orgOptions: OrgOptions = {}) {
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const meters = new MeterProvider({ readers: [reader] });
  let error: unknown;
  await inVirtualTime(async () => {
    const org = makeOrg({ ...orgOptions });
    const all = { okta: clientOf(org), state: memoryState(), ...options };
    await observedSync(all, tracers.getTracer('test'), meters.getMeter('test')).catch(
      (caught: unknown) => void (error = caught),
    );
  });
  await meters.forceFlush();
  const counters: Record<string, unknown> = {};
  for (const { descriptor, dataPoints } of exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [])
    for (const { attributes, value } of dataPoints)
      counters[[descriptor.name, ...Object.values(attributes)].join(' ')] = value;
  await meters.shutdown();
  return { error, counters, spans: spans.getFinishedSpans() };
}

describe('the OpenTelemetry example', () => {
  it('has a span for the run, one for each session in it, and one for each call in its session', async () => {
    const { error, spans, counters } = await observed(company(40), { cooldownApplies: 'always' });
    expect(error).toBeUndefined();
    const run = spans.filter(({ name }) => name === 'rollcall.run');
    expect(run).toHaveLength(1);
    const sessions = spans.filter(({ name }) => name === 'rollcall.session');
    expect(sessions).toHaveLength(2);
    for (const { parentSpanContext, attributes } of sessions) {
      expect(parentSpanContext?.spanId).toBe(run[0]?.spanContext().spanId);
      expect(attributes['rollcall.outcome']).toBe('completed');
    }
    const inSessions = new Set(sessions.map((session) => session.spanContext().spanId));
    for (const { name, parentSpanContext } of spans.filter((span) => /^okta\.(up|start)/.test(span.name)))
      expect(inSessions.has(parentSpanContext?.spanId ?? ''), name).toBe(true);
    expect(counters).toMatchObject({
      'rollcall.changes.planned users create': 40,
      'rollcall.changes.planned groups create': 4,
      'rollcall.waits import': 2,
    });
    expect(counters['rollcall.waits session-cooldown']).toBeGreaterThan(0);
    expect(JSON.stringify(spans.map((span) => span.attributes))).not.toContain('example.com');
  });

  it('marks a call and its session as failed, by code', async () => {
    const { error, spans } = await observed(company(3), {
      fault: ({ path }) => (path.endsWith('/start-import') ? { kind: 'unauthorized' } : undefined),
    });
    expect(error).toMatchObject({ code: 'ERR_ROLLCALL_OKTA_AUTH' });
    const failed = spans.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed.map(({ name, attributes }) => [name, attributes['error.type']])).toContainEqual([
      'rollcall.run',
      'ERR_ROLLCALL_OKTA_AUTH',
    ]);
    expect(failed.map(({ name }) => name)).toContain('okta.startImport');
  });

  it('marks a run that the guard stops, and has no call in it but those before', async () => {
    const { error, spans } = await observed({ ...company(3), approve: '0'.repeat(64) });
    expect(error).toBeInstanceOf(GuardError);
    expect(spans.map(({ name, status }) => [name, status.message])).toEqual([
      ['rollcall.run', 'ERR_ROLLCALL_GUARD'],
    ]);
  });
});
