import { afterAll, describe, expect, it } from 'vitest';
import { killOnce } from './kill-once.js';
import { POINTS } from './points.js';
import { buildProgram } from './program.js';

/** The short form: every boundary once, each with another seed. The long form is `npm run test:kill`. */
describe('a process that is killed', () => {
  const program = buildProgram();
  afterAll(() => program.dispose());

  it.each(POINTS.map((point, at) => ({ point, seed: at + 1, at: point.at, by: point.by })))(
    'by the $by at "$at" loses nothing and sends nothing twice',
    async ({ point, seed }) => {
      const { killedAt, faults } = await killOnce(program.file, seed, point);
      expect(faults).toEqual([]);
      expect(killedAt[0]).toEqual(point);
    },
  );
});
