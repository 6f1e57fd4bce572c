import { USUAL, type Scenario } from './scenario.js';

const first = (upserts: number): Scenario => ({
  ...USUAL,
  name: `first load of ${thousands(upserts)}`,
  upserts,
});

/** 1 % changed, 0.1 % new and 0.1 % removed. */
const daily = (people: number): Scenario => ({
  ...USUAL,
  name: `daily change of ${thousands(people)}`,
  upserts: Math.round(people * 0.011),
  deletes: Math.round(people * 0.001),
});

function thousands(count: number): string {
  return count >= 1_000_000 ? `${count / 1_000_000} M` : `${count / 1000} k`;
}

const vary = (base: Scenario, what: string, changes: Partial<Scenario>): Scenario => ({
  ...base,
  ...changes,
  name: `${base.name}, ${what}`,
});

/** Every scenario for directories of these sizes. Those of more than `largest` people are left to the model. */
export function scenariosFor(sizes: readonly number[], variedSize: number): readonly Scenario[] {
  const base = first(variedSize);
  const mixes = ['80-20', 'heavy-tail'];
  return [
    ...sizes.map(first),
    ...sizes.map(daily),
    vary(base, 'imports of one minute', { importMs: 60_000 }),
    vary(base, 'imports of one minute, and no wait after COMPLETED', {
      importMs: 60_000,
      cooldownApplies: 'while-active',
    }),
    vary(base, 'imports of six minutes', { importMs: 360_000 }),
    vary(base, 'imports of six minutes, one session at a time', { importMs: 360_000, sessionsInFlight: 1 }),
    vary(base, 'one session at a time', { sessionsInFlight: 1 }),
    ...[300, 1000].flatMap((latencyMs) =>
      [1, 4, 8].flatMap((loadsAtOnce) => {
        const answers = latencyMs === USUAL.latencyMs ? [] : ['answers of one second'];
        const loads = loadsAtOnce === USUAL.loadsAtOnce ? [] : [`${loadsAtOnce} loads at once`];
        const what = [...answers, ...loads].join(', ');
        return what === '' ? [] : [vary(base, what, { latencyMs, loadsAtOnce })];
      }),
    ),
    vary(base, '0.1 % of answers lost', { lostAnswers: 0.001 }),
    vary(base, '1 % of answers lost', { lostAnswers: 0.01 }),
    ...mixes.flatMap((mix) => [
      vary(base, `sizes ${mix}`, { mix }),
      vary(base, `sizes ${mix}, no look-ahead`, { mix, lookAhead: false }),
    ]),
  ];
}
