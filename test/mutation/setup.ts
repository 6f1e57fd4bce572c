import fc from 'fast-check';
import { runs } from '../support/runs.js';

// The same draws for every mutant, so that a score can be had again. The suite itself draws anew each time.
fc.configureGlobal({ seed: 20260101, numRuns: runs(100) });
