import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { openTelemetry } from '../../../src/cli/telemetry/telemetry.js';
import type { SdkPackage } from '../../../src/cli/telemetry/sdk.js';
import { freePort } from '../../support/free-port.js';
import { Captured, cli, directory, envOf, files, org, QUICK, usersCsv } from '../support.js';
import { metricsOf, resourceOf, spansOf, startCollector, type Export } from './collector.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) await close();
});

async function collector(options?: { answers: boolean }) {
  const started = await startCollector(options);
  closing.push(started.close);
  return started;
}

/** Sets the variables of the process as well, because the SDK reads those. */
function otel(variables: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return { ...variables };
}

/** A directory with five people, one of them without a valid address, a group and a membership. */
async function company(): Promise<string> {
  const cwd = await directory();
  await files(cwd, {
    'users.csv': `${usersCsv(5)}bad,bad@example.com,no address,First,Last\n`,
    'groups.csv': 'externalId,displayName,description\ng-canary,Group Canary,Text\n',
    'memberships.csv': 'groupExternalId,memberExternalId\ng-canary,u1\n',
  });
  return cwd;
}

const INPUTS = ['--users', 'users.csv', '--groups', 'groups.csv', '--memberships', 'memberships.csv'];
/** Parts of ids, values and secrets of a company. */
const PERSONAL = ['u1', 'example.com', 'First', 'Last3', 'canary', 'Canary', 'no address'];

function expectNothingPersonal(exports: readonly Export[], more: readonly string[]): void {
  const all = exports.map(({ body }) => body.toString('latin1')).join('\n');
  for (const text of [...PERSONAL, ...more]) expect(all, text).not.toContain(text);
}

describe('traces and metrics of the command line', () => {
  it('has spans of the run, the sessions in it and their requests, and counts what the run counts', async () => {
    const { url, exports } = await collector();
    const started = await org();
    const cwd = await company();
    const env = {
      ...envOf(started),
      ...otel({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
    };
    const { code, err } = await cli(cwd, ['sync', ...INPUTS, ...QUICK], { env });
    expect(code, err).toBe(5);
    const spans = spansOf(exports);
    const [run, ...others] = spans.filter(({ parentSpanId }) => !parentSpanId);
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      name: 'rollcall sync',
      attributes: { 'rollcall.command': 'sync', 'rollcall.exit_code': 5 },
    });
    const sessions = spans.filter(({ name }) => name === 'rollcall.session');
    expect(sessions.map(({ attributes }) => attributes['rollcall.session.number'])).toEqual([1, 2]);
    for (const session of sessions) {
      expect(session.parentSpanId).toBe(run?.spanId);
      expect(session.attributes['rollcall.session.outcome']).toBe('completed');
      const requests = spans.filter(({ parentSpanId }) => parentSpanId === session.spanId);
      expect(requests.map(({ name }) => name)).toContain('okta.startImport');
    }
    const upserts = spans.filter(({ name }) => name === 'okta.upsertUsers');
    expect(upserts).toHaveLength(1);
    expect(upserts[0]?.parentSpanId).toBe(sessions[0]?.spanId);
    expect(upserts[0]?.attributes['server.address']).toBe(new URL(started.url).host);
    expect(metricsOf(exports)).toMatchObject({
      'rollcall.records.read users': 6,
      'rollcall.records.rejected users NOT_AN_EMAIL': 1,
      'rollcall.changes.planned users create': 5,
      'rollcall.changes.planned memberships create': 1,
      'rollcall.changes.confirmed users': 5,
      'rollcall.changes.confirmed groups': 1,
      'rollcall.requests users upsert': 1,
      'rollcall.sessions completed': 2,
      'rollcall.run.duration sync 5': 1,
    });
    expect(resourceOf(exports)).toMatchObject({ 'service.name': 'rollcall' });
    const sessionIds = started.sessions(started.identitySourceId).map(({ id }) => id);
    expect(sessionIds).toHaveLength(2);
    expectNothingPersonal(exports, [started.token, cwd, 'users.csv', ...sessionIds]);
  });

  it('counts a refusal, a wait for the rate limit, and the stop of the guard by its rule', async () => {
    const { url, exports } = await collector();
    const started = await org({
      refuseItem: ({ externalId }) => externalId === 'u3' && 'u3 is not allowed',
      rateLimits: { 'bulk-upsert': { limit: 5, windowMs: 60_000 } },
    });
    const cwd = await directory();
    await files(cwd, { 'users.csv': usersCsv(40) });
    const env = {
      ...envOf(started),
      ...otel({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
    };
    expect((await cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env })).code).toBe(5);
    const counted = metricsOf(exports);
    expect(counted['rollcall.changes.refused users upsert']).toBe(1);
    expect(counted['rollcall.waits rate-limit']).toBeGreaterThan(0);
    expect(counted['rollcall.wait.duration rate-limit']).toBe(counted['rollcall.waits rate-limit']);

    for (const [argv, end] of [
      [['sync', ...QUICK], 'sync 3'],
      [['plan'], 'plan 3'],
      [['plan', '--quiet'], 'plan 3'],
    ] as const) {
      exports.length = 0;
      await files(cwd, { 'users.csv': usersCsv(10) });
      expect((await cli(cwd, [...argv, '--users', 'users.csv'], { env })).code).toBe(3);
      expect(metricsOf(exports)).toMatchObject({
        'rollcall.guard.stops users deletePercent': 1,
        'rollcall.changes.planned users delete': 30,
        [`rollcall.run.duration ${end}`]: 1,
      });
      const run = spansOf(exports).find(({ name }) => name.startsWith('rollcall '));
      expect(run?.attributes['rollcall.exit_code']).toBe(3);
    }
  });

  it('marks what failed by its code, and never by what Okta wrote', async () => {
    const { url, exports } = await collector();
    const started = await org({
      fault: ({ path }) => (path.endsWith('/start-import') ? { kind: 'unauthorized' } : undefined),
    });
    const cwd = await company();
    const env = {
      ...envOf(started),
      ...otel({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
    };
    expect((await cli(cwd, ['sync', ...INPUTS, ...QUICK], { env })).code).toBe(1);
    const failed = spansOf(exports).filter(({ status }) => status.code === 2);
    expect(failed.map(({ name, status }) => [name, status.message])).toEqual(
      expect.arrayContaining([
        ['rollcall sync', 'ERR_ROLLCALL_OKTA_AUTH'],
        ['okta.startImport', 'ERR_ROLLCALL_OKTA_AUTH'],
      ]),
    );
  });

  it('takes the names of the service, attributes and headers as the SDK does, and Protobuf by default', async () => {
    const { url, exports } = await collector();
    const cwd = await company();
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret-of-the-collector',
      OTEL_SERVICE_NAME: 'people-sync',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
    };
    const { code, out, err } = await cli(cwd, ['plan', ...INPUTS], { env: otel(variables) });
    expect(code).toBe(0);
    expect(out + err).not.toContain('secret-of-the-collector');
    expect(new Set(exports.map(({ path }) => path))).toEqual(new Set(['/v1/traces', '/v1/metrics']));
    for (const { headers, body } of exports) {
      expect(headers['content-type']).toBe('application/x-protobuf');
      expect(headers['api-key']).toBe('secret-of-the-collector');
      // Texts are plain in Protobuf.
      for (const text of ['people-sync', 'staging']) expect(body.includes(text), text).toBe(true);
    }
    expectNothingPersonal(exports, ['secret-of-the-collector', 'users.csv']);
  });

  it.each([
    ['TRACES', '/v1/traces'],
    ['METRICS', '/v1/metrics'],
  ])('sends only what has an address: %s', async (signal, path) => {
    const { url, exports } = await collector();
    const cwd = await company();
    const env = otel({ [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]: url + path });
    expect((await cli(cwd, ['plan', ...INPUTS], { env })).code).toBe(0);
    expect(exports.map((each) => each.path)).toEqual([path]);
  });

  it('sends nothing if the SDK is disabled, and for commands that neither read sources nor call Okta', async () => {
    const { url, exports } = await collector();
    const cwd = await company();
    const env = otel({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect((await cli(cwd, ['completion', 'bash'], { env })).code).toBe(0);
    const disabled = { ...env, ...otel({ OTEL_SDK_DISABLED: 'true' }) };
    expect((await cli(cwd, ['plan', ...INPUTS], { env: disabled })).code).toBe(0);
    expect(exports).toEqual([]);
  });

  it('a collector that is down is one line, without the path of its address, and changes no exit code', async () => {
    const started = await org();
    const cwd = await directory();
    await files(cwd, { 'users.csv': usersCsv(3) });
    const host = `127.0.0.1:${await freePort()}`;
    const env = {
      ...envOf(started),
      ...otel({
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:secret@${host}/secret-path`,
        OTEL_EXPORTER_OTLP_TIMEOUT: '200',
      }),
    };
    const { code, err } = await cli(cwd, ['sync', '--users', 'users.csv', ...QUICK], { env });
    expect(code, err).toBe(0);
    const line = `rollcall: ${host} did not accept all traces and metrics of this run (OTEL_EXPORTER_OTLP_ENDPOINT)`;
    expect(err.split('\n').filter((each) => each.includes('did not accept'))).toEqual([line]);
    expect(err).not.toContain('secret');
  });

  it('a collector that never answers does not hold the end of a command', async () => {
    const { url, exports } = await collector({ answers: false });
    const stderr = new Captured();
    const env = otel({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    const load = () => import('@opentelemetry/sdk-node');
    const telemetry = await openTelemetry('sync', { env, stderr, clock: systemClock }, load, 20);
    await telemetry?.end(0);
    expect(stderr.text).toContain('did not accept');
    expect(exports.every(({ path }) => path.startsWith('/v1/'))).toBe(true);
  });

  it.each([
    ['is missing', 'ERR_MODULE_NOT_FOUND', 'run: npm install @opentelemetry/sdk-node@0.223'],
    ['does not start', 'ERR_OTHER', 'OpenTelemetry did not start; look at the OTEL_ variables'],
  ])('one line says so if the SDK %s', async (_what, code, text) => {
    const stderr = new Captured();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
    const load = (): Promise<SdkPackage> => Promise.reject(Object.assign(new Error('canary'), { code }));
    expect(await openTelemetry('sync', { env, stderr, clock: systemClock }, load)).toBeUndefined();
    expect(stderr.text).toContain(text);
    expect(stderr.text.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr.text).not.toContain('canary');
  });
});
