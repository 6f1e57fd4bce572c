import { describe, expect, it } from 'vitest';
import { compiled } from '../support/compiled.js';
import { killOnce } from './kill-once.js';
import { POINTS } from './points.js';

const CHILD = compiled('test/kill/child.ts');

/** The short form: every boundary once, each with another seed. The long form is `npm run test:kill`. */
describe('a process that is killed', () => {
  it.each(POINTS.map((point, at) => ({ point, seed: at + 1, at: point.at, by: point.by })))(
    'by the $by at "$at" loses nothing and sends nothing twice',
    async ({ point, seed }) => {
      const { killedAt, faults } = await killOnce(CHILD, seed, point);
      expect(faults).toEqual([]);
      expect(killedAt[0]).toEqual(point);
    },
  );
});
