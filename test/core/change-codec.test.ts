import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeChanges, encodeChanges } from '../../src/core/change-codec.js';
import type { Change } from '../../src/core/model.js';
import { anyChanges } from '../support/changes.js';

const names = fc.option(fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }), { nil: undefined });
const eightBits = fc.nat(255).map((code) => String.fromCharCode(code));
const fingerprints = fc.record({
  digest: fc.string({ unit: eightBits, minLength: 16, maxLength: 16 }),
  attributes: fc.string({ unit: eightBits, maxLength: 80 }),
});

it('changes of one endpoint come back as they were, whatever their texts', () => {
  fc.assert(
    fc.property(
      anyChanges(60),
      names,
      fingerprints,
      fc.boolean(),
      (changes, changed, fingerprint, isResend) => {
        for (const entity of ['users', 'groups', 'memberships'] as const)
          for (const kind of ['upsert', 'delete'] as const) {
            const own = changes
              .filter((change) => change.entity === entity && change.kind === kind)
              .map((change): Change => ({
                ...change,
                ...(isResend && { isResend }),
                changed,
                fingerprint: kind === 'delete' ? undefined : fingerprint,
              }));
            expect(decodeChanges(encodeChanges(own, { entity, kind }), { entity, kind })).toEqual(own);
          }
      },
    ),
  );
});
