import { describe, expect, it } from 'vitest';
import { membershipKey } from '../../src/core/model.js';
import { AbsenceRules, type AbsenceOptions } from '../../src/diff/absence-rules.js';

const users = (options: AbsenceOptions = {}) => new AbsenceRules('users', options);
const memberships = (options: AbsenceOptions) => new AbsenceRules('memberships', options);

describe('an entity that is missing', () => {
  it.each([
    [1, 1, 'delete'],
    [2, 1, 'waiting'],
    [2, 2, 'delete'],
    [2, 9, 'delete'],
    [1000, 999, 'waiting'],
  ])('of %i reads from %i: %s', (reads, missed, verdict) => {
    expect(users({ reads }).verdict('u', missed)).toBe(verdict);
  });

  it('is protected by its id and not by what begins like it', () => {
    const rules = users({ protect: { ids: ['ceo'] } });
    expect(['ceo', 'ceo2', 'ce'].map((id) => rules.verdict(id, 1))).toEqual([
      'protected',
      'delete',
      'delete',
    ]);
  });

  it('is protected by how its id begins, and not by what is in it', () => {
    const rules = users({ protect: { prefixes: ['svc-', 'x'] } });
    const ids = ['svc-', 'svc-1', 'x9', 'my-svc-1', 'sv'];
    expect(ids.map((id) => rules.verdict(id, 1))).toEqual([
      'protected',
      'protected',
      'protected',
      'delete',
      'delete',
    ]);
  });

  it('is left out where it is out of scope, or deleted where that is asked for', () => {
    const exclude = (id: string) => id === 'out';
    expect(users({ exclude }).verdict('out', 5)).toBe('excluded');
    expect(users({ exclude }).verdict('in', 5)).toBe('delete');
    expect(users({ exclude, deleteExcluded: true, reads: 3 }).verdict('out', 1)).toBe('delete');
    expect(users({ exclude, protect: { ids: ['out'] }, deleteExcluded: true }).verdict('out', 5)).toBe(
      'protected',
    );
  });

  it.each([
    ['its group', membershipKey('a', 'other')],
    ['its member', membershipKey('other', 'a')],
  ])('is protected or out of scope as a membership by %s', (_, key) => {
    expect(memberships({ protect: { ids: ['a'] } }).verdict(key, 1)).toBe('protected');
    expect(memberships({ protect: { prefixes: ['a'] } }).verdict(key, 1)).toBe('protected');
    const scoped = memberships({ exclude: (id) => id === 'a' });
    expect(scoped.verdict(key, 1)).toBe('excluded');
    expect(scoped.isExcluded(key)).toBe(true);
    expect(scoped.isExcluded(membershipKey('b', 'c'))).toBe(false);
  });

  it.each<[string, AbsenceOptions, boolean]>([
    ['by default', {}, true],
    ['with one read', { reads: 1, deleteExcluded: true, protect: {} }, true],
    ['with empty lists', { protect: { ids: [], prefixes: [] } }, true],
    ['with two reads', { reads: 2 }, false],
    ['with a protected id', { protect: { ids: ['a'] } }, false],
    ['with a protected prefix', { protect: { prefixes: ['a'] } }, false],
    ['with a scope', { exclude: () => false }, false],
  ])('needs no thought %s: %s', (_, options, plain) => {
    expect(users(options).isPlain).toBe(plain);
    expect(users(options).excludes).toBe(options.exclude !== undefined);
  });

  it('is no membership because its id looks like the key of one', () => {
    const key = membershipKey('a', 'b');
    expect(users({ protect: { ids: ['a', 'b'] } }).verdict(key, 1)).toBe('delete');
    expect(users({ exclude: (id) => id === key }).isExcluded(key)).toBe(true);
  });

  it('without a scope nothing is out of it', () => {
    expect(users().isExcluded('u')).toBe(false);
  });

  it.each<[string, object]>([
    ['absence.reads', { reads: 0 }],
    ['absence.reads', { reads: 1001 }],
    ['absence.reads', { reads: 1.5 }],
    ['absence.exclude', { exclude: 'x' }],
    ['protekt', { protekt: {} }],
    ['id', { protect: { id: ['x'] } }],
  ])('%s that cannot be meant is refused: %o', (option, options) => {
    expect(() => users(options)).toThrow(expect.objectContaining({ option }));
  });
});
