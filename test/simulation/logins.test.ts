import { describe, expect, it } from 'vitest';
import { Company } from './company.js';
import { Draws } from './draws.js';
import { Logins } from './logins.js';

type Directory = ReadonlyMap<string, string>;

/** The logins of some days, by external id. */
function daysOf(seed: number, draws: Draws | undefined, count: number): Directory[] {
  const company = new Company(new Draws(seed, 1), 0, new Logins(draws));
  return Array.from({ length: count }, (_, day) => {
    if (day < count - 1) company.nextDay();
    else company.lastDay();
    return new Map(
      company
        .directory()
        .users.map(({ externalId, profile }) => [externalId, profile['userName']?.toLowerCase() ?? '']),
    );
  });
}

const hasDouble = (day: Directory) => new Set(day.values()).size < day.size;

/** The days in which somebody has a login that another had the day before, and which `also` holds for. */
function taken(
  days: readonly Directory[],
  also: (id: string, other: string, day: number) => boolean,
): number {
  return days.slice(1).filter((day, at) => {
    const before = [...(days[at] as Directory)];
    return [...day].some(([id, login]) =>
      before.some(([other, old]) => other !== id && old === login && also(id, other, at + 1)),
    );
  }).length;
}

describe('the logins of a simulated company', () => {
  const companies = Array.from({ length: 50 }, (_, seed) => daysOf(seed, new Draws(seed, 6), 4));

  it('move to people who stay, to those who come, and from those who leave; some are exchanged or given twice', () => {
    const count = (also: (days: readonly Directory[], id: string, other: string, day: number) => boolean) =>
      companies.filter((days) => taken(days, (...args) => also(days, ...args)) > 0).length;
    expect(
      count((days, id, other, day) => !days[day]?.has(other) && !days[day - 1]?.has(id)),
    ).toBeGreaterThan(1);
    expect(count((days, _, other, day) => days[day]?.has(other) === true)).toBeGreaterThan(20);
    expect(count((days, id, other, day) => days[day]?.get(other) === days[day - 1]?.get(id))).toBeGreaterThan(
      5,
    );
    expect(companies.filter((days) => days.some(hasDouble)).length).toBeGreaterThan(5);
  });

  it('have one user each on the last day, and one of them is taken from somebody', () => {
    expect(companies.filter((days) => hasDouble(days.at(-1) as Directory))).toEqual([]);
    const last = companies.filter((days) => taken(days.slice(-2), () => true) > 0);
    expect(last.length).toBeGreaterThan(5);
  });

  it('stay with their users in other companies', () => {
    expect(
      daysOf(1, undefined, 4).flatMap((day) => [...day].map(([id, login]) => login === `${id}@example.com`)),
    ).not.toContain(false);
  });
});
