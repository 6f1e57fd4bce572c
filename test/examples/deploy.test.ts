import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { buildProgram } from '../../src/cli/process/program.js';
import { startOrg } from '../../src/simulator/index.js';
import { composeErrors } from './compose-errors.js';
import { root } from './run.js';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const deploy = (file: string) => read(`examples/deploy/${file}`);
const program = buildProgram(() => Promise.resolve());

/** Flags of a command line that the command does not have. */
function unknownFlags([name = '', ...rest]: readonly string[]): readonly string[] {
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) return [name];
  const known = command.options.map(({ long }) => long);
  return rest.filter((word) => word.startsWith('--') && !known.includes(word));
}

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly command: readonly string[];
        readonly read_only: boolean;
        readonly environment?: Readonly<Record<string, string>>;
        readonly volumes?: readonly string[];
      }
    >
  >;
}

describe('the Dockerfile', () => {
  const file = DockerfileParser.parse(deploy('Dockerfile'));
  const last = file.getInstructions().slice(-9);
  const argumentsOf = (name: string) =>
    last.filter((i) => i.getKeyword() === name).map((i) => i.getArgumentsContent() ?? '');

  it('is built on glibc, by a Node that the package supports', () => {
    const images = file.getFROMs().map((from) => from.getImage());
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:(22|24|26)-bookworm-slim$/);
  });

  it('ends as a user that is not root, with a volume for the state', () => {
    expect(argumentsOf('USER')).toEqual(['node']);
    expect(argumentsOf('VOLUME')).toEqual(['/var/lib/rollcall']);
    expect(argumentsOf('CMD')).toEqual(['["help"]']);
  });

  it('starts the program that package.json names', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: { rollcall: string } };
    const [entry = '[]'] = argumentsOf('ENTRYPOINT');
    expect(JSON.parse(entry)).toEqual(['node', join('/opt/rollcall/node_modules/rollcall', bin.rollcall)]);
  });
});

describe('compose.yaml', () => {
  const compose = parse(deploy('compose.yaml')) as Compose;

  it('has the form that the Compose Specification describes', () => {
    expect(composeErrors(compose)).toEqual([]);
    expect(composeErrors({ ...compose, services: { okta: { comand: [] } } })).not.toEqual([]);
  });

  it('has commands with flags that exist, and writes to the volume alone', () => {
    for (const { command, read_only } of Object.values(compose.services)) {
      expect(unknownFlags(command)).toEqual([]);
      expect(read_only).toBe(true);
    }
    expect(compose.services['sync']?.volumes).toEqual([
      'state:/var/lib/rollcall',
      './config:/etc/rollcall:ro',
    ]);
  });

  it('has the id and the token that the simulator makes of the seed', async () => {
    const { command = [] } = compose.services['okta'] ?? {};
    await using org = await startOrg({ seed: Number(command[command.indexOf('--seed') + 1]) });
    expect(compose.services['sync']?.environment).toMatchObject({
      OKTA_IDENTITY_SOURCE_ID: org.identitySourceId,
      OKTA_CLIENT_TOKEN: org.token,
    });
  });
});

describe('cronjob.yaml', () => {
  type Manifest = ConstructorParameters<typeof CronJob>[0] &
    ConstructorParameters<typeof PersistentVolumeClaim>[0];
  const [claim, job] = parseAllDocuments(deploy('cronjob.yaml')).map((d) => d.toJS() as Manifest);

  it('has the form that the schemas of Kubernetes describe', () => {
    new PersistentVolumeClaim(claim).validate();
    new CronJob(job).validate();
    const wrong = { ...job, spec: { ...job?.spec, concurrencyPolicy: 'Never' } } as unknown as Manifest;
    expect(() => new CronJob(wrong).validate()).toThrow();
  });

  it('runs one sync at a time, not as root, with a root that is read-only', () => {
    expect(job?.spec?.concurrencyPolicy).toBe('Forbid');
    const pod = job?.spec?.jobTemplate.spec?.template.spec;
    expect(pod?.securityContext?.runAsNonRoot).toBe(true);
    const [container] = pod?.containers ?? [];
    expect(container?.securityContext?.readOnlyRootFilesystem).toBe(true);
    expect(unknownFlags(container?.args ?? [])).toEqual([]);
    const mounts = container?.volumeMounts?.map(({ name }) => name);
    expect(pod?.volumes?.map(({ name }) => name).sort()).toEqual(mounts?.sort());
  });
});

describe('workflows', () => {
  function errorsOf(...workflows: readonly string[]): readonly (readonly string[])[] {
    const program = join(root, 'test/examples/workflow-errors.ts');
    const options = { cwd: root, input: JSON.stringify(workflows), encoding: 'utf8' } as const;
    return JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', program], options)) as string[][];
  }

  it.each(['.github/workflows/ci.yml', 'examples/deploy/github-sync.yml'])(
    '%s has the form that GitHub describes',
    (file) => {
      const [none, some] = errorsOf(read(file), read(file).replace('runs-on', 'runs-at'));
      expect(none).toEqual([]);
      expect(some).not.toEqual([]);
    },
  );

  it('of GitHub and GitLab run .ci/run, which can be run', () => {
    const github = parse(read('.github/workflows/ci.yml')) as {
      jobs: { all: { steps: { run?: string }[] } };
    };
    const gitlab = parse(read('.gitlab-ci.yml')) as { all: { script: string[] } };
    expect(github.jobs.all.steps.map(({ run }) => run).filter((run) => run !== undefined)).toEqual([
      'bash .ci/run',
    ]);
    expect(gitlab.all.script).toEqual(['bash .ci/run']);
    execFileSync('bash', ['-n', join(root, '.ci/run')]);
  });

  it('of a nightly sync has flags that exist', () => {
    const flow = parse(deploy('github-sync.yml')) as { jobs: { sync: { steps: { run?: string }[] } } };
    const { run = '' } = flow.jobs.sync.steps.at(-1) ?? {};
    expect(
      unknownFlags(
        run
          .replace(/\$\{.*\}/, '--approve')
          .split(' ')
          .slice(2),
      ),
    ).toEqual([]);
  });
});
