import { describe, expect, test } from 'vitest';
import { type TokenState, explain } from '../../src/commands/explain.ts';
import { type ErrnoName, errno } from '../../src/ipc/errno.ts';
import { TimeLimitError, VenusError } from '../../src/ipc/errors.ts';

const unknown: TokenState = { state: 'unknown', realm: undefined };
const about = 'usr/jan/notes';

function explained(name: ErrnoName, token = unknown, path: string | undefined = about): unknown {
  return explain(new VenusError(errno(name)), { about: path, ...token });
}

describe('an error of venus', () => {
  const reasons: readonly (readonly [ErrnoName, string, string | undefined])[] = [
    ['ENOENT', 'There is nothing named usr/jan/notes', 'cfs getfid usr/jan'],
    ['ENOTDIR', 'usr/jan/notes is a file', 'usr/jan'],
    ['ETIMEDOUT', 'servers of this volume cannot be reached', 'cfs checkservers'],
    ['EAGAIN', 'busy', 'Try again'],
    ['EBUSY', 'changes that are not on the servers', 'cfs listvol usr/jan/notes'],
    ['EPERM', 'usr/jan/notes is not kept by any server', undefined],
    ['ELOOP', 'symbolic links', undefined],
    ['EROFS', 'none of which can be changed', undefined],
    ['EOPNOTSUPP', 'volume that can be changed', 'cfs listvol -local usr/jan/notes'],
    ['EDQUOT', 'quota', 'cfs listvol usr/jan/notes'],
    ['ENOTCONN', 'no token', 'clog USER@REALM'],
    ['EVOLUME', 'No volume', undefined],
    ['EIO', '', undefined],
  ];
  test.each(reasons)('keeps its text and gets a reason: %s', (name, why, next) => {
    const error = explained(name);
    expect(error).toBeInstanceOf(VenusError);
    expect(error).toMatchObject({ errno: errno(name), message: new VenusError(errno(name)).message });
    expect(error).toHaveProperty('why', why === '' ? undefined : expect.stringContaining(why));
    expect(error).toHaveProperty('next', next === undefined ? undefined : expect.stringContaining(next));
  });

  test('is about an object where no path is known', () => {
    expect(explain(new VenusError(errno('EBUSY')), { about: undefined, ...unknown })).toHaveProperty(
      'why',
      'the object has changes that are not on the servers yet.',
    );
  });

  test.each([
    { state: 'none', why: 'You have no token for r.org, so you act as System:AnyUser.' },
    { state: 'expired', why: 'Your token for r.org has expired.' },
  ] as const)('of no permission is the lack of a token: $state', ({ state, why }) => {
    const error = explained('EACCES', { state, realm: 'r.org' });
    expect(error).toMatchObject({ why });
    expect(error).toHaveProperty('next', expect.stringMatching(/clog USER@r\.org$/));
  });

  test.each(['valid', 'unknown'] as const)(
    'of no permission is the access list with a token: %s',
    (state) => {
      expect(explained('EACCES', { state, realm: 'r.org' })).toMatchObject({
        why: 'The access list does not give you the right to do this at usr/jan/notes.',
        next: 'See who may: cfs listacl usr/jan',
      });
    },
  );
});

describe('an error stays as it is', () => {
  test('where it has a reason already', () => {
    const error = new VenusError(errno('EACCES'), { why: 'Because.' });
    expect(explain(error, { about, ...unknown })).toBe(error);
  });

  test('where it does not come from venus', () => {
    for (const error of [new TimeLimitError('late'), new Error('broken'), 'thrown']) {
      expect(explain(error, { about, ...unknown })).toBe(error);
    }
  });
});
