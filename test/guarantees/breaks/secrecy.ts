import type { Break } from '../break.js';

const SECRECY = 'test/secrecy.test.ts';
const NOWHERE = 'no token and no profile value is in any event, error, report or byte of the state';

/** "No token, key or profile value in logs, errors or state." */
export const secrecy: readonly Break[] = [
  {
    what: 'a rejection quotes the value',
    file: 'src/validate/okta-text.ts',
    find: "reason: 'contains a character beyond U+FFFF, such as an emoji, which Okta does not accept',",
    replace: "reason: 'holds a character beyond U+FFFF: ' + text,",
    test: [SECRECY, NOWHERE],
  },
  {
    what: 'an error of the source quotes the line',
    file: 'src/sources/json/from-json-lines.ts',
    find: "throw new SourceError('the line is not valid JSON', { file, line });",
    replace: "throw new SourceError('the line is not valid JSON: ' + text, { file, line });",
    test: [SECRECY, NOWHERE],
  },
  {
    what: 'an error carries the credential that was refused',
    file: 'src/okta/exchange.ts',
    find: ': { error, response, credential };',
    replace: ': { error: Object.assign(error, { headers: credential }), response, credential };',
    test: [SECRECY, NOWHERE],
  },
  {
    what: 'the reason of a refusal quotes the record',
    file: 'src/okta/reason.ts',
    find: "const reason = redact([...new Set(texts)].join('; '), secrets)",
    replace: "const reason = redact([...new Set(texts)].join('; '), secrets.slice(0, 0))",
    test: [SECRECY, NOWHERE],
  },
  {
    what: 'a failed connection shows the raw message of its error',
    file: 'src/okta/transport.ts',
    find: "return typeof code === 'string' ? code : 'the connection failed';",
    replace: "return typeof code === 'number' ? '' : error.message;",
    test: [
      SECRECY,
      'a connection that fails is named by the code of its error, whose message may quote the response',
    ],
  },
  {
    what: 'the journal keeps what is sent',
    file: 'src/upload/lifecycle.ts',
    find: 'function pendingRow({ entity, key, fingerprint }: Change): PendingRow {',
    replace:
      'function pendingRow({ entity, key, item, fingerprint: of }: Change): PendingRow {\n  const fingerprint = of && { ...of, attributes: of.attributes + item };',
    test: [SECRECY, NOWHERE],
  },
  {
    what: 'a plan that waits on disk is readable',
    file: 'src/state/outbox/sealed-file.ts',
    find: 'Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])',
    replace: 'Buffer.concat([(cipher.update(bytes), bytes), cipher.final(), cipher.getAuthTag()])',
    test: [
      'test/state/lmdb/lmdb.test.ts',
      'a plan that is too large for memory is on disk, encrypted, and is read back completely',
    ],
  },
  {
    what: 'fingerprints of all states have one key',
    file: 'src/state/lmdb/lmdb-tables.ts',
    find: "fingerprintKey: randomBytes(16).toString('hex'),",
    replace: "fingerprintKey: Buffer.alloc(16).toString('hex'),",
    test: ['test/state/lmdb/lmdb.test.ts', 'two states know the same record by two fingerprints'],
  },
  {
    what: 'an export that is no export is quoted',
    file: 'src/state/export-import/read-export.ts',
    find: "throw new StateError('the file is no export of a state that this version knows', {",
    replace: "throw new StateError('the file is no export of a state that this version knows: ' + line, {",
    test: [
      'test/state/export-import.test.ts',
      'must be a file of rollcall, and the error does not quote another',
    ],
  },
];
