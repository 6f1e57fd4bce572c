import fc from 'fast-check';

/**
 * Properties draw the same values in each run, so that a run says something about the code alone. `ROLLCALL_PROPERTY_SEED=random`
 * draws new ones, to search for counterexamples; a number draws those of this seed.
 */
const seed = process.env['ROLLCALL_PROPERTY_SEED'] ?? '20261124';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
