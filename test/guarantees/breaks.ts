import type { Break } from './break.js';
import { bounded } from './breaks/bounded.js';
import { conservation } from './breaks/conservation.js';
import { convergence } from './breaks/convergence.js';
import { crash } from './breaks/crash.js';
import { deletions } from './breaks/deletions.js';
import { limits } from './breaks/limits.js';
import { once } from './breaks/once.js';
import { rate } from './breaks/rate.js';
import { secrecy } from './breaks/secrecy.js';
import { state } from './breaks/state.js';
import { writer } from './breaks/writer.js';

/** The guarantees in the order of `docs/guarantees.md`, and the ways in which each can be broken. */
export const BREAKS: readonly { readonly guarantee: string; readonly breaks: readonly Break[] }[] = [
  { guarantee: 'Convergence', breaks: convergence },
  { guarantee: 'No deletion without proof', breaks: deletions },
  { guarantee: 'State is never ahead of Okta', breaks: state },
  { guarantee: 'Once per session', breaks: once },
  { guarantee: 'Limits', breaks: limits },
  { guarantee: 'Conservation', breaks: conservation },
  { guarantee: 'Crash-safe', breaks: crash },
  { guarantee: 'One writer', breaks: writer },
  { guarantee: 'Rate', breaks: rate },
  { guarantee: 'Bounded', breaks: bounded },
  { guarantee: 'Secrecy', breaks: secrecy },
];
