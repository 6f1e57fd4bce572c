import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../src/okta/reason.js';

const request = JSON.stringify({
  entityType: 'USERS',
  profiles: [
    { externalId: 'u1', profile: { userName: 'ada@x.example', lastName: 'Lovelace', title: null } },
    { externalId: 'u2', profile: { userName: 'grace@x.example' } },
  ],
});
const credential = { authorization: 'SSWS secret-token' };
const answer = (fields: object) => JSON.stringify({ errorCode: 'E0000001', ...fields });

describe('the reason of an error', () => {
  it("is Okta's summary and its causes, without the values of the request and its credential", () => {
    const body = answer({
      errorSummary: 'Api validation failed: profiles',
      errorCauses: [
        { errorSummary: "lastName: 'Lovelace' is longer than 5 characters (u1)" },
        { errorSummary: 'userName: grace@x.example is taken' },
        { errorSummary: 'secret-token' },
      ],
    });
    expect(reasonOf(body, request, credential)).toBe(
      "Api validation failed: profiles; lastName: '…' is longer than 5 characters (u1); userName: … is taken; …",
    );
  });

  it('is without the values of a call on one user or group', () => {
    const body = answer({ errorCauses: [{ errorSummary: "userName: 'ada@x.example' is taken (u1)" }] });
    const { profiles } = JSON.parse(request) as { profiles: { profile: object }[] };
    for (const one of [profiles[0], { profile: profiles[0]?.profile }])
      expect(reasonOf(body, JSON.stringify(one), {})).toBe("userName: '…' is taken (u1)");
  });

  it('names each cause once, and ends after 500 characters without a part of a value', () => {
    const cause = { errorSummary: `${'x'.repeat(495)} Lovelace` };
    expect(reasonOf(answer({ errorCauses: [cause, cause] }), request, {})).toBe(`${'x'.repeat(495)} …`);
    expect(reasonOf(answer({ errorSummary: 'y'.repeat(501) }), request, {})).toHaveLength(500);
  });

  it.each([
    ['a page of a proxy', '<html>Lovelace</html>'],
    ['JSON of something else', '{"message":"Lovelace"}'],
    ['no object', '"Lovelace"'],
    ['an error without a summary', answer({})],
    ['a summary that is no text', answer({ errorSummary: { text: 'Lovelace' }, errorCauses: 'Lovelace' })],
    ['causes that are no objects', answer({ errorCauses: [null, 'Lovelace', 7] })],
  ])('is not known from %s', (_, body) => {
    expect(reasonOf(body, request, credential)).toBeUndefined();
  });

  it.each([undefined, '', 'not JSON', '{"profiles":7}', '{"profiles":[null,{"profile":"x"}]}'])(
    'is known for a request with the body %o',
    (body) => {
      expect(reasonOf(answer({ errorSummary: 'refused' }), body, {})).toBe('refused');
    },
  );
});
