import fc from 'fast-check';
import type { SourceDirectory } from './world.js';

/** Random directories with few ids, so that two of them have common, new, changed and removed records. */
export const anyDay: fc.Arbitrary<SourceDirectory> = fc
  .record({
    users: fc.uniqueArray(fc.record({ id: fc.nat(11), name: fc.constantFrom('Ann', 'Bö', '汉', '"x"') }), {
      selector: (u) => u.id,
      maxLength: 12,
    }),
    groups: fc.uniqueArray(fc.record({ id: fc.nat(3), name: fc.constantFrom('A', 'B') }), {
      selector: (g) => g.id,
      maxLength: 4,
    }),
    pairs: fc.uniqueArray(fc.tuple(fc.nat(3), fc.nat(11)), {
      selector: ([g, u]) => g * 100 + u,
      maxLength: 20,
    }),
  })
  .map(({ users, groups, pairs }) => ({
    users: users.map(({ id, name }) => ({
      externalId: `u${id}`,
      profile: { userName: `u${id}@example.com`, email: `u${id}@example.com`, firstName: name, title: null },
    })),
    groups: groups.map(({ id, name }) => ({
      externalId: `g${id}`,
      profile: { displayName: name, description: null },
    })),
    memberships: pairs
      .filter(([g, u]) => groups.some((group) => group.id === g) && users.some((user) => user.id === u))
      .map(([g, u]) => ({ groupExternalId: `g${g}`, memberExternalId: `u${u}` })),
  }));
