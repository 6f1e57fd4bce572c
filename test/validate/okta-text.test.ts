import { describe, expect, it } from 'vitest';
import { nameFault, replaceInvisible, replaceUnsupported, textFault } from '../../src/validate/okta-text.js';

const [HIGH, LOW, PAIR] = ['\ud83e', '\udd9c', '🦜'];

describe('text that Okta does not take', () => {
  it.each([
    ['', undefined],
    ['abc ä 汉 \ud7ff\ue000\uffff \t\r\n\u200b\u00ad', undefined],
    [PAIR, 'UNSUPPORTED_CHARACTER'],
    [`a${PAIR}${PAIR}b`, 'UNSUPPORTED_CHARACTER'],
    ['\ud800\udc00', 'UNSUPPORTED_CHARACTER'],
    ['\udbff\udfff', 'UNSUPPORTED_CHARACTER'],
    [HIGH, 'MALFORMED_TEXT'],
    [LOW, 'MALFORMED_TEXT'],
    ['a\ud800', 'MALFORMED_TEXT'],
    ['\udbffb', 'MALFORMED_TEXT'],
    ['\udc00b', 'MALFORMED_TEXT'],
    ['a\udfff', 'MALFORMED_TEXT'],
    [`${LOW}${HIGH}`, 'MALFORMED_TEXT'],
    [`${PAIR}${LOW}`, 'MALFORMED_TEXT'],
    [`${HIGH}${PAIR}`, 'MALFORMED_TEXT'],
    [`${PAIR}${HIGH}a`, 'MALFORMED_TEXT'],
    ['Ann\0', 'CONTROL_CHARACTER'],
    ['Bo\u000bb', 'CONTROL_CHARACTER'],
    ['\u0008', 'CONTROL_CHARACTER'],
    ['\u000c', 'CONTROL_CHARACTER'],
    ['\u000e', 'CONTROL_CHARACTER'],
    ['\u001f', 'CONTROL_CHARACTER'],
    ['\u007f', 'CONTROL_CHARACTER'],
    ['\u0080', 'CONTROL_CHARACTER'],
    ['\u009f', 'CONTROL_CHARACTER'],
    ['Zo\ufffd', 'DAMAGED_TEXT'],
  ])('%j: %s', (text, code) => {
    expect(textFault(text)?.code).toBe(code);
  });

  it.each([
    ['ann@example.com', undefined],
    ['ann@example.com\u200b', 'contains \\u200b, which cannot be seen'],
    ['jo\u00adhn', 'contains \\u00ad, which cannot be seen'],
    ['\ufeffdan', 'contains \\ufeff, which cannot be seen'],
    ['a\tb', 'contains \\u0009, which cannot be seen'],
    ['3\0', 'contains \\u0000; is the file in another encoding, such as UTF-16?'],
    ['a\u0007', 'contains the control character \\u0007'],
    ['a\ufffd', 'contains \\ufffd, which stands for bytes that were lost; make the export in UTF-8'],
  ])('ids, logins and addresses: %j %s', (text, reason) => {
    expect(nameFault(text)?.reason).toBe(reason);
  });

  it.each([
    ['jose\u0301@x.example', '\\u0301, an accent that is a code point of its own'],
    ['\u212bsa', '\\u212b, which has another form'],
    ['q\u0307\u0323', '\\u0307, an accent that is a code point of its own'],
  ])('ids, logins and addresses that are not in the form NFC: %j', (text, reason) => {
    expect(nameFault(text)).toEqual({
      code: 'NOT_NORMALIZED',
      reason: `contains ${reason}: a text that looks the same is another one ("normalize": "NFC" in the mapping mends it)`,
    });
    expect(nameFault(text.normalize('NFC'))).toBeUndefined();
  });

  it.each(['jos\u00e9', 'q\u0303', '\u4e2d', 'a\u02ff'])('an id or a login in the form NFC: %j', (text) => {
    expect(nameFault(text)).toBeUndefined();
  });

  it.each([
    ['abc', 'abc'],
    [`a${PAIR}b${PAIR}`, 'a?b?'],
    [`${HIGH}${PAIR}${LOW}`, '???'],
    [`${LOW}${HIGH}`, '??'],
    ['\ud800\udbff\udc00\udfff\ue000', '???\ue000'],
    ['a\0\u000b\ufffdb\tc\u200b', 'a???b\tc\u200b'],
  ])('%j is replaced character by character: %j', (text, replaced) => {
    expect(replaceUnsupported(text, '?')).toBe(replaced);
  });

  it.each([
    ['ann@example.com', 'ann@example.com'],
    [`\ufeffa${PAIR}\u00ad${HIGH}b\t\ufffd`, '?a???b??'],
  ])('%j becomes a login: %j', (text, replaced) => {
    expect(replaceInvisible(text, '?')).toBe(replaced);
  });
});
