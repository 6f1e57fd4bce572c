import type { Case } from '../case.js';
import { eightExpressions, eightFunctions, twoExtracts, twoRegExps } from '../peers/mappings.js';

/** What the expressions of a mapping file cost, in processor time, because both sides only compute. */
export const mappingCases: readonly Case[] = [
  {
    name: 'mapping-cel',
    title: 'a mapping of eight expressions in CEL, against the same mapping as a function',
    size: 200_000,
    measure: 'nsPerRow',
    unit: 'ns a row',
    target: { wall: 2 },
    rollcall: eightExpressions,
    peer: eightFunctions,
  },
  {
    name: 'mapping-extract',
    title: 'two regular expressions in linear time, against RegExp, which has no bound',
    size: 200_000,
    measure: 'nsPerRow',
    unit: 'ns a row',
    rollcall: twoExtracts,
    peer: twoRegExps,
  },
];
