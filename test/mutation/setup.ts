import fc from 'fast-check';

// The same draws for every mutant, so that a score can be had again. The suite itself draws anew each time.
fc.configureGlobal({ seed: 20260101, numRuns: 50 });
