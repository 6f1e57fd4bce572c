import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCronItem } from 'graphile-worker';
import { DockerfileParser } from 'dockerfile-ast';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readFleet } from '../../../examples/fleet/sources.js';
import { composeErrors } from '../compose-errors.js';
import { root } from '../run.js';

const folder = join(root, 'examples/fleet');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

/** The variables that the workers read, in the form `FLEET_POLL_MS`. */
const VARIABLES = new Set(read('worker.ts').match(/\bFLEET_[A-Z_]+/g));

describe('the manifests of the fleet', () => {
  interface Compose {
    readonly services: {
      readonly worker: {
        readonly environment: Readonly<Record<string, string>>;
        readonly volumes?: unknown;
        readonly secrets: readonly string[];
        readonly read_only: boolean;
      };
    };
    readonly volumes?: unknown;
  }
  const compose = parse(read('compose.yaml')) as Compose;
  type Manifest = ConstructorParameters<typeof Deployment>[0];
  const deployment = parse(read('kubernetes.yaml')) as NonNullable<Manifest>;
  const pod = deployment.spec?.template.spec;
  const container = pod?.containers[0];

  it('have the form that their schemas describe', () => {
    expect(composeErrors(compose)).toEqual([]);
    new Deployment(deployment).validate();
    const wrong = { ...deployment, spec: { ...deployment.spec, replicas: 'three' } } as unknown as Manifest;
    expect(() => new Deployment(wrong).validate()).toThrow();
  });

  it('keep nothing outside of PostgreSQL', () => {
    expect(compose.volumes).toBeUndefined();
    expect(compose.services.worker).not.toHaveProperty('volumes');
    expect(compose.services.worker.read_only).toBe(true);
    const kinds = pod?.volumes?.map((volume) => Object.keys(volume).filter((key) => key !== 'name')[0]);
    expect(kinds).toEqual(['configMap', 'secret', 'emptyDir']);
    expect(container?.securityContext?.readOnlyRootFilesystem).toBe(true);
    expect(pod?.securityContext?.runAsNonRoot).toBe(true);
    expect(container?.volumeMounts?.map(({ name }) => name)).toEqual(pod?.volumes?.map(({ name }) => name));
  });

  it('set variables that the workers read, and a token for each org', () => {
    const fleetOnly = (names: readonly string[]) => names.filter((name) => name.startsWith('FLEET_'));
    const inCompose = fleetOnly(Object.keys(compose.services.worker.environment));
    const inPod = fleetOnly((container?.env ?? []).map(({ name }) => name));
    for (const name of [...inCompose, ...inPod]) expect(VARIABLES).toContain(name);
    const documented = new Set(read('README.md').match(/`FLEET_[A-Z_]+`/g));
    expect(documented).toEqual(new Set([...VARIABLES].map((name) => `\`${name}\``)));
    const orgs = [...readFleet(join(folder, 'sources.json')).orgs.keys()];
    expect(compose.services.worker.secrets).toEqual(orgs);
    for (const org of orgs) expect(read('kubernetes.yaml')).toContain(`--from-file=${org}`);
  });

  it('give a worker more time to end than it takes itself', () => {
    const own = Number(/process\.exit\(1\), (\d+)_000/.exec(read('worker.ts'))?.[1]);
    expect(own).toBeGreaterThan(5);
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(own);
    expect(read('compose.yaml')).toContain('stop_grace_period: 30s');
  });
});

describe('the Dockerfile of the fleet', () => {
  const instructions = DockerfileParser.parse(read('Dockerfile')).getInstructions();

  it('copies files that are there, and starts what the build makes', () => {
    const copied = instructions
      .filter((one) => one.getKeyword() === 'COPY' && !one.getTextContent().includes('--from'))
      .flatMap((one) => one.getArguments().slice(0, -1))
      .map((one) => one.getValue());
    expect(copied).toEqual(['package.json', 'package-lock.json', 'tsconfig.build.json', '*.ts']);
    for (const file of ['package.json', 'tsconfig.build.json'])
      expect(existsSync(join(folder, file))).toBe(true);
    const [command] = instructions.slice(-1);
    expect(command?.getArgumentsContent()).toBe('["node", "dist/worker.js"]');
    expect(instructions.some((one) => one.getTextContent() === 'USER node')).toBe(true);
  });

  it('builds with settings of the compiler with which the files are checked here', () => {
    const optionsOf = (file: string) => {
      const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as {
        config: { compilerOptions: Readonly<Record<string, unknown>> };
      };
      return config.compilerOptions;
    };
    const { outDir, lib, ...settings } = optionsOf(join(folder, 'tsconfig.build.json'));
    const checked = optionsOf(join(root, 'tsconfig.json'));
    expect(checked).toMatchObject(settings);
    expect(checked['lib']).toEqual(expect.arrayContaining(lib as string[]));
    expect(outDir).toBe('dist');
  });

  it('installs versions that the tests use', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
      devDependencies: Record<string, string>;
    };
    expect(dependencies['graphile-worker']).toBe(own.devDependencies['graphile-worker']);
    expect(dependencies['rollcall']).toBe(`^${own.version}`);
  });
});

describe('the file of the sources', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-fleet-file-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const org = { url: 'https://acme.okta.com' };
  const source = {
    org: 'acme',
    identitySourceId: '0oa1',
    schedule: '0 * * * *',
    users: 'https://x.example/u',
  };

  function fleetOf(orgs: object, sources: object) {
    const file = join(directory, 'sources.json');
    writeFileSync(file, JSON.stringify({ orgs, sources }));
    return readFleet(file);
  }

  it('that the example has is read, and its schedules are those of cron', () => {
    const { sources } = readFleet(join(folder, 'sources.json'));
    expect([...sources.keys()]).toEqual(['acme-berlin', 'acme-lisbon', 'globex-hr']);
    for (const { schedule: match, name: identifier } of sources.values())
      expect(() => parseCronItem({ task: 'due', match, identifier })).not.toThrow();
  });

  it.each([
    ['a source of an org that is not there', { a: { ...source, org: 'other' } }, 'a: org'],
    ['a source without users', { a: { ...source, users: undefined } }, 'a: users'],
    ['an unknown setting', { a: { ...source, gard: {} } }, 'a: gard'],
    [
      'a time limit that the queue does not keep',
      { a: { ...source, timeLimitMinutes: 600 } },
      'a: timeLimit',
    ],
    [
      'two states for one identity source',
      { a: source, b: { ...source, users: 'https://x.example/v' } },
      'b: has',
    ],
    ['a name that is no name of a file', { '../a': source }, '../a: expected'],
  ])('is refused with %s', (_, sources, reason) => {
    expect(() => fleetOf({ acme: org }, sources)).toThrow(`sources.json: ${reason}`);
  });
});
