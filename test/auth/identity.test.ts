import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configuredRealm, parseIdentity } from '../../src/auth/identity.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const defaults = { user: 'me', realm: 'home.org' };
const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });

describe('who is meant', () => {
  test.each([
    { typed: undefined, user: 'me', realm: 'home.org' },
    { typed: '', user: 'me', realm: 'home.org' },
    { typed: '@', user: 'me', realm: 'home.org' },
    { typed: 'jan', user: 'jan', realm: 'home.org' },
    { typed: 'jan@', user: 'jan', realm: 'home.org' },
    { typed: '@r.org', user: 'me', realm: 'r.org' },
    { typed: 'jan@r.org', user: 'jan', realm: 'r.org' },
    { typed: 'a@b@c.d', user: 'a@b', realm: 'c.d' },
    { typed: 'a@b@', user: 'a@b', realm: 'home.org' },
    { typed: '@b@c.d', user: '@b', realm: 'c.d' },
    { typed: 'jan@10.0.0.1', user: 'jan', realm: '10.0.0.1' },
    { typed: ' jan @ r.org ', user: ' jan ', realm: ' r.org ' },
  ])('by $typed is $user at $realm', ({ typed, user, realm }) => {
    expect(parseIdentity(typed, defaults)).toEqual({ user, realm });
  });

  test.each([
    { typed: 'jan', missing: { user: 'me', realm: undefined } },
    { typed: 'jan@', missing: { user: 'me', realm: undefined } },
    { typed: '@r.org', missing: { user: undefined, realm: 'home.org' } },
    { typed: undefined, missing: { user: undefined, realm: 'home.org' } },
    { typed: '@', missing: { user: undefined, realm: undefined } },
  ])('by $typed cannot be told without a default', ({ typed, missing }) => {
    expect(parseIdentity(typed, missing)).toBeUndefined();
  });

  test('needs no defaults where both parts are typed, whatever is in the user name', () => {
    const realm = name.filter((text) => !text.includes('@'));
    fc.assert(
      fc.property(name, realm, (typedUser, typedRealm) => {
        const none = { user: undefined, realm: undefined };
        expect(parseIdentity(`${typedUser}@${typedRealm}`, none)).toEqual({
          user: typedUser,
          realm: typedRealm,
        });
      }),
    );
  });
});

describe('the default realm', () => {
  const configured = () => configuredRealm({ CODACONFPATH: temporary() });

  test('is none without a configuration, or without the key in it', () => {
    expect(configured()).toBeUndefined();
    writeFileSync(temporary('venus.conf'), 'mountpoint=/coda\n');
    expect(configured()).toBeUndefined();
  });

  test('is in venus.conf or in auth2.conf, which wins', () => {
    writeFileSync(temporary('venus.conf'), 'realm=venus.org\n');
    expect(configured()).toBe('venus.org');
    writeFileSync(temporary('auth2.conf'), '# nothing\n');
    expect(configured()).toBe('venus.org');
    writeFileSync(temporary('auth2.conf'), 'realm="auth2.org"\n');
    expect(configured()).toBe('auth2.org');
  });
});
