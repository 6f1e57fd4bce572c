import fc from 'fast-check';

// The same draws for every mutant, and few of them.
fc.configureGlobal({ seed: 20260101, numRuns: 50 });
