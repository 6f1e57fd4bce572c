import fc from 'fast-check';

// Whether a break is noticed must not depend on the draw.
fc.configureGlobal({ seed: 20261124 });
