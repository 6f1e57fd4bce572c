/**
 * A sync with OpenTelemetry: a span for the run, for each session and for each call to Okta, and counters for records and
 * waits. This example prints them from memory; set your own exporters in the providers.
 *
 *     npx tsx examples/opentelemetry.ts
 */
import { pathToFileURL } from 'node:url';
import {
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Counter,
  type Histogram,
  type Meter,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
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
import {
  createClient,
  metrics,
  RollcallError,
  startSync,
  type MetricSink,
  type OktaClient,
  type SyncEvent,
  type SyncOptions,
  type SyncReport,
} from 'rollcall';
import { memoryState } from 'rollcall/testing';
import { startOrg } from 'rollcall/simulator';

const CALLS: ReadonlySet<string> = new Set<keyof OktaClient>([
  'createSession',
  'listSessions',
  'getSession',
  'deleteSession',
  'startImport',
  'upsertUsers',
  'deleteUsers',
  'upsertGroups',
  'deleteGroups',
  'upsertMemberships',
  'deleteMemberships',
]);

/** The instruments of a meter, created on first use. The names come from rollcall, and are stable. */
function meterSink(meter: Meter): MetricSink {
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  return {
    add(name, value, attributes) {
      let counter = counters.get(name);
      if (counter === undefined) counters.set(name, (counter = meter.createCounter(name)));
      counter.add(value, attributes);
    },
    record(name, milliseconds, attributes) {
      let histogram = histograms.get(name);
      if (histogram === undefined)
        histograms.set(name, (histogram = meter.createHistogram(name, { unit: 'ms' })));
      histogram.record(milliseconds, attributes);
    },
  };
}

/** A sync with its spans and counters. */
export async function observedSync(options: SyncOptions, tracer: Tracer, meter: Meter): Promise<SyncReport> {
  const measure = metrics(meterSink(meter));
  const run = tracer.startSpan('rollcall.run', {}, ROOT_CONTEXT);
  const inRun = trace.setSpan(ROOT_CONTEXT, run);
  const sessions = new Map<unknown, Span>();
  const inSession = (id: unknown): Context => {
    const session = sessions.get(id);
    return session === undefined ? inRun : trace.setSpan(ROOT_CONTEXT, session);
  };

  const endSession = (id: unknown, outcome: string) => {
    const span = sessions.get(id);
    span?.setAttribute('rollcall.outcome', outcome);
    if (outcome === 'failed') span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    sessions.delete(id);
  };
  const onEvent = (event: SyncEvent) => {
    switch (event.type) {
      case 'session:created': {
        const attributes = { 'rollcall.session.id': event.sessionId };
        sessions.set(event.sessionId, tracer.startSpan('rollcall.session', { attributes }, inRun));
        break;
      }
      case 'session:completed':
      case 'session:cancelled':
      case 'session:replayed':
      case 'session:failed':
        endSession(event.sessionId, event.type.slice('session:'.length));
        break;
    }
    measure(event);
    options.onEvent?.(event);
  };

  /** The same client, with a span for each call. */
  const okta = new Proxy(options.okta, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
      if (!CALLS.has(String(name))) return call;
      return (...args: unknown[]) =>
        tracer.startActiveSpan(`okta.${String(name)}`, {}, inSession(args[0]), async (span) => {
          try {
            return await call(...args);
          } catch (error) {
            throw failed(span, error);
          } finally {
            span.end();
          }
        });
    },
  });

  try {
    const report = await startSync({ ...options, okta, onEvent }).done;
    run.setAttributes({ 'rollcall.requests': report.requests, 'rollcall.remaining': report.remaining });
    return report;
  } catch (error) {
    throw failed(run, error);
  } finally {
    for (const id of [...sessions.keys()]) endSession(id, 'left');
    run.end();
  }
}

/** Marks a span as failed, with the stable code instead of the message. */
function failed(span: Span, error: unknown): unknown {
  const code = error instanceof RollcallError ? error.code : 'ERROR';
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  return error;
}

async function main(): Promise<void> {
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });

  await using org = await startOrg({ cooldownMs: 100 });
  await using state = memoryState(); // openState('./state') keeps it between runs
  const okta = createClient({
    orgUrl: org.url,
    identitySourceId: org.identitySourceId,
    auth: { token: org.token },
  });
  await observedSync(
    {
      okta,
      state,
      users: [
        { externalId: '1', profile: { userName: 'ann@example.com', email: 'ann@example.com' } },
        { externalId: '2', profile: { userName: 'bob@example.com', email: 'not an address' } },
      ],
      groups: [{ externalId: 'g', profile: { displayName: 'Everybody' } }],
      memberships: [{ groupExternalId: 'g', memberExternalId: '1' }],
      cooldownMs: 100,
      pollIntervalMs: 20,
    },
    tracers.getTracer('rollcall'),
    meters.getMeter('rollcall'),
  );
  await okta.close();

  const finished = spans.getFinishedSpans();
  const childrenOf = (id: string | undefined) =>
    finished.filter(({ parentSpanContext }) => parentSpanContext?.spanId === id);
  const print = (span: (typeof finished)[number], indent: string) => {
    console.log(indent + span.name);
    for (const child of childrenOf(span.spanContext().spanId)) print(child, `${indent}  `);
  };
  for (const root of childrenOf(undefined)) print(root, '');
  await meters.forceFlush();
  for (const { descriptor, dataPoints } of exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [])
    for (const { attributes, value } of dataPoints)
      if (typeof value === 'number' && value > 0)
        console.log(`${descriptor.name} ${Object.values(attributes).join(' ')}: ${value}`);
  await Promise.all([tracers.shutdown(), meters.shutdown()]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
