import type { Break } from '../break.js';

const BATCHING = 'test/properties/batching.test.ts';

/** "At most 200 items, 200,000 bytes as sent, 50 requests a session, one endpoint a request." */
export const limits: readonly Break[] = [
  {
    what: '201 items in a request',
    file: 'src/core/limits.ts',
    find: 'itemsPerRequest: 200,',
    replace: 'itemsPerRequest: 201,',
    test: [BATCHING, "the limits are Okta's: 200 items and 200,000 bytes"],
  },
  {
    what: '204,800 bytes in a request',
    file: 'src/core/limits.ts',
    find: 'bytesPerRequest: 200_000,',
    replace: 'bytesPerRequest: 204_800,',
    test: [BATCHING, "the limits are Okta's: 200 items and 200,000 bytes"],
  },
  {
    what: 'characters are counted in place of bytes',
    file: 'src/okta/bulk-body.ts',
    find: 'bytes: Buffer.byteLength(body),',
    replace: 'bytes: body.length,',
    test: [BATCHING, 'no request breaks a limit, measured on the bytes as sent'],
  },
  {
    what: 'what surrounds the items is not counted',
    file: 'src/batch/request-packer.ts',
    find: 'bytes: maxBytes - head.length - tail.length + 1',
    replace: 'bytes: maxBytes + 1',
    test: [BATCHING, 'no request breaks a limit, measured on the bytes as sent'],
  },
  {
    what: '51 requests in a session',
    file: 'src/core/limits.ts',
    find: 'requestsPerSession: 50,',
    replace: 'requestsPerSession: 51,',
    test: [
      'test/upload/upload.test.ts',
      'no session carries more than 50 requests, and a plan of more takes the fewest sessions',
    ],
  },
  {
    what: 'upserts and deletes share a request',
    file: 'src/batch/batch.ts',
    find: 'lane.kind === kind && ',
    replace: '',
    test: [BATCHING, 'a request holds one kind of change of one entity'],
  },
  {
    what: 'an item that can never fit passes validation',
    file: 'src/validate/record-check.ts',
    find: 'return Buffer.byteLength(JSON.stringify(record)) + FRAME_BYTES > LIMITS.bytesPerRequest;',
    replace: 'return JSON.stringify(record) === LIMITS.userProfile.email.toString();',
    test: [
      'test/validate/validate.test.ts',
      'a record that can never fit in a request is rejected, and blocks nothing',
    ],
  },
  {
    what: 'a row counts as unchanged whose record may not fit',
    file: 'src/screening/kernel/profile-ops.ts',
    find: 'return Math.max(0, Math.min(LONGEST_ROW, Math.floor(room / Math.max(...uses.values()))));',
    replace: 'return LONGEST_ROW;',
    test: [
      'test/screening/kernel/block-screen.test.ts',
      'the longest content has room, and a longer row gets no digest',
    ],
  },
];
