import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startOrg, type Org } from '../../../src/simulator/index.js';
import { describeWith, POSTGRES, postgres, uniqueName } from '../../services/available.js';
import { compiledProject } from '../../support/compiled.js';
import { wanted } from '../../support/world.js';
import { root } from '../run.js';
import { directoryOf, Exports, heldOf, refusedRequests, unanswered, type RefusedRequest } from './world.js';
import { Workers } from './workers.js';

const service = await postgres();
const ORGS = ['acme', 'globex', 'initech', 'umbrella'] as const;
const CITIES = ['berlin', 'lisbon', 'oslo', 'porto', 'turin'] as const;
const RUNS_AT_ONCE = 2;
/** No test waits for a schedule. */
const NEVER = '0 0 29 2 *';

const idOf = (org: string, i: number) => `0oa${org}${i}`.padEnd(20, '0');
const SOURCES = ORGS.flatMap((org) =>
  CITIES.map((city, i) => ({ name: `${org}-${city}`, org, identitySourceId: idOf(org, i) })),
);
const nameOf = (identitySourceId: string) =>
  SOURCES.find((source) => source.identitySourceId === identitySourceId)?.name ?? '';

describeWith(service, 'a fleet of 20 sources in 4 orgs', () => {
  const database = uniqueName();
  const admin = new pg.Client(POSTGRES);
  const own = new pg.Client({ ...POSTGRES, database });
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-fleet-'));
  const file = join(directory, 'sources.json');
  const orgs = new Map<string, Org>();
  /** Of the org whose sources share a small window. */
  let refused: readonly RefusedRequest[] = [];
  let exports: Exports;
  let workers: Workers;

  const orgOf = (name: string) => orgs.get(name) as Org;
  const today = (name: string) => exports.today.get(name) as ReturnType<typeof directoryOf>;

  /** @param minutes - the time limit of one source */
  function writeSources(minutes: number): void {
    const waits = { cooldownMs: 5, pollIntervalMs: 5 };
    const written = {
      orgs: Object.fromEntries(
        ORGS.map((org) => [
          org,
          {
            url: orgOf(org).url,
            runsAtOnce: RUNS_AT_ONCE,
            waits,
            // No run leaves anything of the small window to others.
            ...(org === 'umbrella' && { rateLimitShare: 1 }),
          },
        ]),
      ),
      sources: Object.fromEntries(
        SOURCES.map(({ name, org, identitySourceId }) => [
          name,
          {
            org,
            identitySourceId,
            schedule: name === 'globex-turin' ? '0 * * * *' : NEVER,
            users: exports.urlOf(name, 'users'),
            groups: exports.urlOf(name, 'groups'),
            memberships: exports.urlOf(name, 'memberships'),
            ...(name === 'initech-lisbon' && { timeLimitMinutes: minutes }),
          },
        ]),
      ),
    };
    writeFileSync(file, JSON.stringify(written));
  }

  beforeAll(async () => {
    await admin.connect();
    await admin.query(`CREATE DATABASE ${database}`);
    await own.connect();
    exports = await Exports.start();
    for (const { name } of SOURCES) exports.today.set(name, directoryOf(name, 12));
    const tokens = join(directory, 'tokens');
    mkdirSync(tokens);
    for (const [i, name] of ORGS.entries()) {
      const org = await startOrg({
        seed: i + 1,
        identitySources: SOURCES.filter(({ org }) => org === name).map((source) => source.identitySourceId),
        cooldownMs: 5,
        importMs: 5,
        shuffle: true,
        // All sources of this org share a small window.
        ...(name === 'umbrella' && { rateLimits: { sessions: { limit: 6, windowMs: 2000 } } }),
      });
      orgs.set(name, org);
      if (name === 'umbrella') refused = refusedRequests(org.simulated);
      writeFileSync(join(tokens, name), `${org.token}\n`);
    }
    writeSources(0.02);
    workers = new Workers(join(compiledProject(), 'examples/fleet'), {
      ...process.env,
      PGHOST: POSTGRES.host,
      PGPORT: String(POSTGRES.port),
      PGUSER: POSTGRES.user,
      PGDATABASE: database,
      FLEET_SOURCES: file,
      FLEET_TOKENS: tokens,
      FLEET_RUNS_AT_ONCE: '2',
      FLEET_POLL_MS: '500',
      FLEET_LOOK_FOR_DEAD_MS: '500',
    });
  }, 180_000);

  afterAll(async () => {
    await workers[Symbol.asyncDispose]();
    await exports[Symbol.asyncDispose]();
    for (const org of orgs.values()) await org.close();
    await own.end();
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await admin.end();
    rmSync(directory, { recursive: true });
  });

  /** Runs the commands of the guide, which print what the guide shows. */
  async function followGuide(hash: string): Promise<void> {
    const page = readFileSync(join(root, 'docs/guides/many-sources.md'), 'utf8');
    const blocks = [
      ...page.matchAll(/^```sh fleet\nnode dist\/fleet\.js (.+)\n```\n\n```text output\n([\s\S]*?)^```$/gm),
    ];
    expect(blocks.map(([, command]) => command?.split(' ')[0])).toEqual(['status', 'plan', 'approve']);
    for (const [, command = '', output] of blocks) {
      const printed = await workers.command(...command.replace('HASH', hash).split(' '));
      const shown = printed.replaceAll(hash, 'HASH').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
      expect(shown, command).toBe(output);
    }
  }

  it(
    'loads all sources, though workers are killed and stopped, and a source is stuck',
    { timeout: 180_000 },
    async () => {
      await Promise.all([workers.start(), workers.start(), workers.start()]);
      // One source never answers, one does not answer within its time limit, and one fails once.
      exports.stuck.add('acme-lisbon').add('initech-lisbon');
      exports.unavailable.add('globex-oslo');
      for (const { at, ofOrgs, signal } of [
        { at: 'POST /bulk-upsert 3', ofOrgs: ['globex', 'acme'], signal: 'SIGKILL' },
        { at: 'POST /start-import 2', ofOrgs: ['umbrella'], signal: 'SIGKILL' },
        { at: 'POST /bulk-groups-upsert 2', ofOrgs: ['initech'], signal: 'SIGTERM' },
      ] as const) {
        const reached = unanswered(orgOf(ofOrgs[0]).simulated, at);
        const names = ofOrgs.flatMap((org) => SOURCES.filter((source) => source.org === org));
        await workers.command('run', ...names.map(({ name }) => name));
        const worker = await workers.runnerOf(nameOf(await reached));
        expect(await workers.end(worker, signal)).toBe(signal === 'SIGTERM' ? 0 : null);
        // As what keeps the workers running does.
        await workers.start();
      }
      await workers.ended('initech-lisbon', 'over its time limit');
      const others = SOURCES.filter(({ name }) => !['acme-lisbon', 'initech-lisbon'].includes(name));
      for (const { name } of others) await workers.ended(name, 'done');
      await workers.ended('globex-oslo', 'tried again');

      // The stuck source is still running, and goes on when it gets its answer.
      const { rows } = await own.query<{ source: string }>(
        'SELECT source FROM fleet.runs WHERE ended_at IS NULL',
      );
      expect(rows).toContainEqual({ source: 'acme-lisbon' });
      exports.release('acme-lisbon');
      await workers.ended('acme-lisbon', 'done');
      expect(await workers.command('status')).toMatch(
        /^initech-lisbon: over its time limit, .*\n20 sources, 1 needs somebody, 0 running\n$/,
      );
    },
  );

  it('says which plans are stopped, and sends the one that is approved', { timeout: 180_000 }, async () => {
    const from = workers.lines.length;
    const keep = (name: string, users: number) => {
      const all = today(name);
      const left = new Set(all.users.slice(users).map(({ externalId }) => externalId));
      exports.today.set(name, {
        ...all,
        users: all.users.slice(0, users),
        memberships: all.memberships.filter(({ memberExternalId }) => !left.has(memberExternalId)),
      });
    };
    keep('globex-berlin', 3);
    keep('globex-lisbon', 11);
    // A record that Okta would refuse.
    const { users } = today('globex-porto');
    const [first, ...rest] = users;
    const wrong = { ...first, profile: { ...first?.profile, email: 'x' } } as (typeof users)[number];
    exports.today.set('globex-porto', { ...today('globex-porto'), users: [wrong, ...rest] });
    await workers.command('run', 'globex-berlin', 'globex-lisbon', 'globex-porto');
    const guarded = await workers.ended('globex-berlin', 'stopped by the guard', from);
    await workers.ended('globex-lisbon', 'done', from);
    await workers.ended('globex-porto', 'partly', from);
    expect(orgOf('globex').directory(idOf('globex', 0)).activeUsers).toBe(12);

    // Another plan than the approved one is stopped as well.
    const again = workers.lines.length;
    await workers.command('approve', 'globex-berlin', 'a'.repeat(64));
    await workers.ended('globex-berlin', 'stopped by the guard', again);
    await followGuide(String(guarded['planHash']));
    await workers.ended('globex-berlin', 'done', from);
    exports.today.set('globex-porto', { ...today('globex-porto'), users });
    await workers.command('run', 'globex-porto');
    await workers.ended('globex-porto', 'done', from);
    const stops = workers.lines.slice(from).filter(({ outcome }) => outcome === 'stopped by the guard');
    expect(stops.length, 'a stopped plan is not tried again').toBe(2);
    expect(await workers.command('status')).toContain('1 needs somebody');
  });

  it('runs what was due while no worker ran, and no other source', { timeout: 180_000 }, async () => {
    for (const worker of workers.all)
      if (worker.child.exitCode === null && worker.child.signalCode === null)
        expect(await workers.end(worker, 'SIGTERM')).toBe(0);
    exports.today.set('globex-turin', directoryOf('globex-turin', 13));
    await own.query(
      `UPDATE graphile_worker._private_known_crontabs
       SET known_since = now() - interval '5 hours', last_execution = now() - interval '5 hours'`,
    );
    exports.release('initech-lisbon');
    writeSources(60);
    const from = workers.lines.length;
    await workers.start();
    await workers.ended('globex-turin', 'done', from);
    const begun = workers.lines.slice(from).filter(({ event }) => event === 'run begins');
    expect(new Set(begun.map(({ source }) => source))).toEqual(new Set(['globex-turin']));
    // The source that had no time has enough of it now.
    expect(await workers.command('run', 'initech-lisbon')).toBe('1 job added\n');
    await workers.ended('initech-lisbon', 'done', from);
    expect(await workers.command('status')).toMatch(/^20 sources, 0 need somebody, \d running\n$/);
  });

  it('has brought every org to what its sources have, by the rules', async () => {
    for (const { name, org, identitySourceId } of SOURCES)
      expect(heldOf(orgOf(org).simulated, identitySourceId), name).toEqual(wanted(today(name)));
    for (const [name, { violations }] of orgs) {
      // The next test says of which of them.
      const allowed = name === 'umbrella' ? 'exhausted-window' : undefined;
      expect(violations.filter(({ rule }) => rule !== allowed)).toEqual([]);
    }
    const { rows } = await own.query<{ most: number }>(
      `SELECT max(together)::int AS most FROM (
         SELECT count(*) AS together FROM fleet.runs one JOIN fleet.runs other ON other.org = one.org
           AND other.started_at <= one.started_at AND one.started_at < coalesce(other.ended_at, 'infinity')
         GROUP BY one.id) AS counted`,
    );
    expect(rows[0]?.most).toBe(RUNS_AT_ONCE);
  });

  // Runs do not know each other. A run hears that another has used up the window that both share from the answer that refuses it.
  it('sends at most one request of each run into a window that is used up', async () => {
    const umbrella = orgOf('umbrella').violations.filter(({ rule }) => rule === 'exhausted-window');
    expect(umbrella.length).toBeLessThanOrEqual(refused.length);
    const counted = new Map<string, RefusedRequest & { count: number }>();
    for (const one of refused) {
      const key = `${one.identitySourceId} ${one.window}`;
      counted.set(key, { ...one, count: (counted.get(key)?.count ?? 0) + 1 });
    }
    for (const { identitySourceId, window, count } of counted.values()) {
      // A source has one run at a time, but one may have followed another within the window.
      const { rows } = await own.query<{ runs: number }>(
        `SELECT count(*)::int AS runs FROM fleet.runs WHERE source = $1
           AND started_at <= to_timestamp($2) AND coalesce(ended_at, 'infinity') >= to_timestamp($2 - 4)`,
        [nameOf(identitySourceId), window],
      );
      expect(count, `${nameOf(identitySourceId)} ${window}`).toBeLessThanOrEqual(rows[0]?.runs ?? 0);
    }
  });

  it('writes no secret and no profile value', async () => {
    const { rows } = await own.query('SELECT * FROM fleet.runs');
    const text = JSON.stringify([workers.lines, rows]);
    for (const org of orgs.values()) expect(text).not.toContain(org.token);
    for (const secret of ['canary-signature', '@example.com', 'Last 1']) expect(text).not.toContain(secret);
  });
});
