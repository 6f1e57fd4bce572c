import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { compileInMemory } from '../support/compile-in-memory.js';
import { compilerOptions, ROOT } from '../support/public-surface.js';

const FOLDER = join(ROOT, 'test/flow');
const HEAD = `
import { batch, diff, guard, map, pipe, unguarded, upload, validate, type OktaClient, type StateStore, type UserRecord } from '../../src/index.js';
declare const okta: OktaClient;
declare const state: StateStore;
declare const rows: readonly UserRecord[];
`;

/** The errors of a program: the text of the line, and the message. */
function errorsOf(programs: readonly string[]): (readonly [line: string, message: string])[][] {
  const texts = new Map(programs.map((text, i) => [join(FOLDER, `users-program-${i}.ts`), HEAD + text]));
  const program = compileInMemory(texts, { ...compilerOptions(), noUnusedLocals: false });
  return [...texts.keys()].map((name) => {
    const source = program.getSourceFile(name) as ts.SourceFile;
    return program.getSemanticDiagnostics(source).map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start);
      const text = source.text.split('\n')[line] as string;
      return [text.trim(), ts.flattenDiagnosticMessageText(messageText, '\n')] as const;
    });
  });
}

const pipeOf = (...stages: readonly string[]) => `export const run = pipe(rows,\n${stages.join(',\n')});\n`;
const VALID = "validate('users')";
const DIFF = "diff('users', state)";
const MAP = 'map((row) => ({ ...row }))';
const SEND = ['batch()', 'upload(okta, state)'];

const NOT_VALID = "accepted by validate('users')";
const NOT_GUARDED = 'passed by guard() or unguarded()';
const NO_CHANGES = `is missing in type 'Valid<"users">' but required in type 'ChangesFromDiff'`;
const NO_REQUESTS = "Property 'body' is missing in type 'Guarded' but required in type 'RequestsFromBatch'";

/** What is wrong, the program, the line of the error (the stage whose result does not fit), and what the message says. */
const CASES: readonly (readonly [what: string, program: string, line: string, sentence: string])[] = [
  ['no validate', `export const run = pipe(\nrows,\n${DIFF}, guard(state));`, 'rows,', 'Valid<"users">'],
  ['no validate after map', pipeOf(MAP, DIFF, 'guard(state)'), `${MAP},`, NOT_VALID],
  [
    'validate of another entity',
    pipeOf("validate('groups')", DIFF, 'guard(state)'),
    "validate('groups'),",
    NOT_VALID,
  ],
  ['guard before diff', pipeOf(VALID, 'guard(state)', DIFF, ...SEND), `${VALID},`, NO_CHANGES],
  ['batch before diff', pipeOf(VALID, 'batch()', DIFF, 'guard(state)'), `${VALID},`, NOT_GUARDED],
  [
    'upload after validate',
    pipeOf(VALID, 'upload(okta, state)'),
    'upload(okta, state));',
    'RequestsFromBatch',
  ],
  ['only upload', pipeOf('upload(okta, state)'), 'upload(okta, state));', 'RequestsFromBatch'],
  ['no guard', pipeOf(VALID, DIFF, ...SEND), `${DIFF},`, NOT_GUARDED],
  ['diff before validate', pipeOf(DIFF, VALID), 'export const run = pipe(rows,', 'Valid<"users">'],
  ['batch before guard', pipeOf(VALID, DIFF, 'batch()', 'guard(state)'), `${DIFF},`, NOT_GUARDED],
  [
    'batch before guard, to the end',
    pipeOf(VALID, DIFF, 'batch()', 'guard(state)', 'upload(okta, state)'),
    `${DIFF},`,
    NOT_GUARDED,
  ],
  [
    'batch before unguarded',
    pipeOf(VALID, DIFF, 'batch()', 'unguarded()', 'upload(okta, state)'),
    `${DIFF},`,
    NOT_GUARDED,
  ],
  [
    'no batch',
    pipeOf(VALID, DIFF, 'guard(state)', 'upload(okta, state)'),
    'upload(okta, state));',
    NO_REQUESTS,
  ],
  [
    'a column that is not there',
    pipeOf('map((row) => row.employeId)'),
    'map((row) => row.employeId));',
    "'employeId' does not exist",
  ],
];

it('a wrong pipe is one error, at the stage that does not fit, and says what is missing', () => {
  const right = [
    pipeOf(VALID, DIFF, 'guard(state)', ...SEND),
    pipeOf(VALID, DIFF, 'unguarded()', ...SEND),
    pipeOf(MAP, VALID, DIFF, 'guard(state)', ...SEND),
  ];
  const found = errorsOf([...right, ...CASES.map(([, program]) => program)]);
  for (const errors of found.slice(0, right.length)) expect(errors).toEqual([]);
  for (const [i, [what, , line, sentence]] of CASES.entries()) {
    const errors = found[right.length + i] as (readonly [string, string])[];
    expect(
      errors.map(([text]) => text),
      what,
    ).toEqual([line]);
    expect(errors[0]?.[1], what).toContain(sentence);
    expect(errors[0]?.[1], what).not.toMatch(/No overload|unknown/);
  }
});
