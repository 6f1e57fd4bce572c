import { describe, expect, it } from 'vitest';
import { OktaHttpError, OktaNetworkError, OktaResponseError } from '../../src/core/errors.js';
import { isLostAnswer, isNotDone } from '../../src/okta/lost-answer.js';

const http = (status: number, code?: string) => new OktaHttpError('op', status, code, undefined);

describe('a request may have been acted on', () => {
  it.each([
    ['its answer was lost on the way', true, new OktaNetworkError('op', true, 'ECONNRESET')],
    ['it never left', false, new OktaNetworkError('op', false, 'ECONNREFUSED')],
    ['its answer cannot be read', true, new OktaResponseError('op', 200, 'it is not JSON', undefined)],
    ['the service failed', true, http(500)],
    ['the service is not there', true, http(503, 'E0000009')],
    ['the service is read-only', false, http(503, 'E0000010')],
    ['a fault has the code of read-only mode, and is another', true, http(500, 'E0000010')],
    ['a gateway gave up waiting', true, http(408)],
    ['it was refused', false, http(400, 'E0000001')],
    ['it came too often', false, http(429)],
    ['the answer is one below a fault', false, http(499)],
    ['something else went wrong', false, new Error('of its own')],
  ])('%s: %s', (_, expected, error) => {
    expect(isLostAnswer(error)).toBe(expected);
  });
});

describe('a request was certainly not acted on', () => {
  it.each([
    ['it never left', true, new OktaNetworkError('op', false, 'ECONNREFUSED')],
    ['it came too often', true, http(429)],
    ['the service is read-only', true, http(503, 'E0000010')],
    ['its answer was lost on the way', false, new OktaNetworkError('op', true, 'ECONNRESET')],
    ['the service is not there', false, http(503)],
    ['it was refused', false, http(400, 'E0000001')],
    ['a gateway gave up waiting', false, http(408)],
    ['something else went wrong', false, new Error('of its own')],
  ])('%s: %s', (_, expected, error) => {
    expect(isNotDone(error)).toBe(expected);
  });
});
