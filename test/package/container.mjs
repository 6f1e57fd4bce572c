// container.mjs TARBALL: does the steps of examples/deploy/Dockerfile in a folder that stands for the root of the image, without a
// container engine, and runs the commands of compose.yaml there: as the user of the image, who can write to the volume alone.
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';
import { parse } from 'yaml';

const deploy = fileURLToPath(new URL('../../examples/deploy/', import.meta.url));
const tarball = process.argv[2];
const work = mkdtempSync(join(tmpdir(), 'rollcall-image-'));
chmodSync(work, 0o755);
/** The user `node` of the image. Only root can become another user; others run all of it as themselves. */
const isRoot = process.getuid() === 0;
const image = { uid: 1000, gid: 1000 };
const context = join(work, 'context');
mkdirSync(context);
copyFileSync(tarball, join(context, 'rollcall.tgz'));
writeFileSync(
  join(context, 'package.json'),
  '{"private":true,"dependencies":{"rollcall":"file:rollcall.tgz"}}',
);
const npm = { cwd: context, stdio: 'ignore' };
execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], npm);

const stages = new Map();
let stage;
/** Paths of the image are below the folder of its stage. */
const inStage = (path, at = stage) => join(at.root, path);
const inCommand = (text) =>
  text
    .replace(/(?<=^|[\s"])\/(?=(opt|var|etc)\/)/g, `${stage.root}/`)
    .replace(/chown node:node/, isRoot ? 'chown 1000:1000' : 'true');
const instructions = {
  FROM(words) {
    const name = words[2] ?? 'last';
    stage = { root: join(work, name), cwd: '/', user: undefined, entry: [] };
    mkdirSync(stage.root);
    stages.set(name, stage);
  },
  WORKDIR([path]) {
    stage.cwd = path;
    mkdirSync(inStage(path), { recursive: true });
  },
  COPY(paths, _, from) {
    const to = paths.at(-1);
    for (const path of paths.slice(0, -1)) {
      if (from !== undefined) cpSync(inStage(path, stages.get(from)), inStage(to), { recursive: true });
      else copyFileSync(join(context, path), join(inStage(stage.cwd), to, path));
    }
  },
  RUN(_, text) {
    // The registry would have the package; here it lies beside the lock file that names it.
    if (text.startsWith('npm ci')) copyFileSync(tarball, join(inStage(stage.cwd), 'rollcall.tgz'));
    execFileSync('sh', ['-euc', inCommand(text)], {
      cwd: inStage(stage.cwd),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  },
  USER([name]) {
    stage.user = name;
  },
  ENTRYPOINT(_, text) {
    stage.entry = JSON.parse(text);
  },
  ENV() {},
  VOLUME([path]) {
    stage.volume = path;
  },
  CMD(_, text) {
    stage.command = JSON.parse(text);
  },
};
for (const instruction of DockerfileParser.parse(
  readFileSync(join(deploy, 'Dockerfile'), 'utf8'),
).getInstructions()) {
  const step = instructions[instruction.getKeyword()];
  if (step === undefined) throw new Error(`${instruction.getKeyword()} is not known here`);
  const from = (instruction.getFlags?.() ?? []).find((flag) => flag.getName() === 'from')?.getValue();
  step(
    instruction.getArguments().map((argument) => argument.getValue()),
    instruction.getArgumentsContent(),
    from,
  );
}
if (stage.user !== 'node') throw new Error('the image runs as root');

/** Starts the image with these arguments; `mapped` paths are those of the volume and the configuration. */
function start(args, env) {
  const [, ...entry] = stage.entry;
  const words = [...entry, ...args].map((word) => (word.startsWith('/') ? inStage(word) : word));
  return spawn(process.execPath, words, {
    cwd: inStage(stage.cwd),
    env: { PATH: process.env.PATH, HOME: '/nowhere', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot && image),
  });
}
async function finished(child) {
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, out, err };
}
function expectRun(what, { code, out, err }, wanted) {
  if (code !== 0 || !out.includes(wanted))
    throw new Error(`${what} ended with ${code} and printed:\n${out}\n${err}`);
}

expectRun('help', await finished(start(stage.command, {})), 'Keeps Okta in sync');
const { services } = parse(readFileSync(join(deploy, 'compose.yaml'), 'utf8'));
const people = 'externalId,userName,email,firstName,lastName\n1,ann@example.com,ann@example.com,Ann,Lee\n';
writeFileSync(join(inStage('/etc/rollcall'), 'users.csv'), people);
// Any free port, because others may use the one of the example.
const okta = start([...services.okta.command.map((word) => (word === '8080' ? '0' : word)), '--json'], {});
try {
  const url = await new Promise((resolve, reject) => {
    okta.stdout.once('data', (data) => resolve(JSON.parse(String(data)).url));
    okta.once('close', () => reject(new Error('the simulator ended')));
  });
  const env = { ...services.sync.environment, OKTA_CLIENT_ORGURL: url };
  expectRun('sync', await finished(start(services.sync.command, env)), '1 user');
  expectRun('the second sync', await finished(start(services.sync.command, env)), 'nothing was sent');
} finally {
  okta.kill();
}
rmSync(work, { recursive: true });
console.log(`-- the steps of the Dockerfile work${isRoot ? ', as a user that is not root' : ''}`);
