import { describe, expect, it } from 'vitest';
import { replaceUnsupported, textFault } from '../../src/validate/okta-text.js';

const [HIGH, LOW, PAIR] = ['\ud83e', '\udd9c', '🦜'];

describe('text that Okta does not take', () => {
  it.each([
    ['', undefined],
    ['abc ä 汉 \ud7ff\ue000\uffff', undefined],
    [PAIR, 'SUPPLEMENTARY'],
    [`a${PAIR}${PAIR}b`, 'SUPPLEMENTARY'],
    ['\ud800\udc00', 'SUPPLEMENTARY'],
    ['\udbff\udfff', 'SUPPLEMENTARY'],
    [HIGH, 'MALFORMED'],
    [LOW, 'MALFORMED'],
    ['a\ud800', 'MALFORMED'],
    ['\udbffb', 'MALFORMED'],
    ['\udc00b', 'MALFORMED'],
    ['a\udfff', 'MALFORMED'],
    [`${LOW}${HIGH}`, 'MALFORMED'],
    [`${PAIR}${LOW}`, 'MALFORMED'],
    [`${HIGH}${PAIR}`, 'MALFORMED'],
    [`${PAIR}${HIGH}a`, 'MALFORMED'],
  ])('%j: %s', (text, fault) => {
    expect(textFault(text)).toBe(fault);
  });

  it.each([
    ['abc', 'abc'],
    [`a${PAIR}b${PAIR}`, 'a?b?'],
    [`${HIGH}${PAIR}${LOW}`, '???'],
    [`${LOW}${HIGH}`, '??'],
    ['\ud800\udbff\udc00\udfff\ue000', '???\ue000'],
  ])('%j is replaced character by character: %j', (text, replaced) => {
    expect(replaceUnsupported(text, '?')).toBe(replaced);
  });
});
