import type { Case } from '../case.js';
import {
  generatorChain,
  handWrittenAlone,
  handWrittenInChain,
  ixChain,
  rollcallChain,
  rxjsAsyncChain,
  rxjsSyncChain,
  streamChain,
} from '../peers/chains.js';

/** Enough for a steady time a record, and few enough for the slowest of the chains. */
const SIZE = 200_000;

const measured = {
  size: SIZE,
  measure: 'nsPerRecord',
  unit: 'ns a record',
  rollcall: rollcallChain,
} as const;

/** What handing records from stage to stage costs. */
export const chainCases: readonly Case[] = [
  {
    name: 'chain-generators',
    title: 'five pass-through operators, against async generators',
    target: { own: 100 },
    ...measured,
    peer: generatorChain,
  },
  {
    name: 'chain-rxjs',
    title: 'five pass-through operators, against RxJS over an async source',
    ...measured,
    peer: rxjsAsyncChain,
  },
  {
    name: 'chain-rxjs-array',
    title: 'five pass-through operators, against RxJS over an array, without any asynchronous step',
    ...measured,
    peer: rxjsSyncChain,
  },
  { name: 'chain-ix', title: 'five pass-through operators, against IxJS', ...measured, peer: ixChain },
  {
    name: 'chain-streams',
    title: 'five pass-through operators, against object streams',
    ...measured,
    peer: streamChain,
  },
  {
    name: 'chain-hand-written',
    title: 'what a hand-written per-record operator adds inside a chain, against its own hop',
    target: { wall: 1 },
    size: SIZE,
    measure: 'nsPerRecord',
    unit: 'ns a record',
    rollcall: handWrittenInChain,
    peer: handWrittenAlone,
  },
];
