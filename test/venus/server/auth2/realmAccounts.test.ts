import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyOfSecret, passwordSecret } from '../../../../src/ipc/rpc2/keyDerivation.ts';
import { venusLog } from '../../../../src/venus/log.ts';
import { RealmAccounts } from '../../../../src/venus/server/auth2/realmAccounts.ts';
import { openToken } from '../../../../src/venus/server/protection/secretToken.ts';
import { Clock, TestRealm, outcome } from '../../support.ts';

const [SUCCESS, FAILED, DENIED, BAD_KEY] = [0, 1, 2, 3];
const [JAN, ADMIN] = [501, 502];
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const password = (viceId: number, text: string) => ({ viceId, password: bytes(text) });

let directory = '';
let realm: TestRealm;
let accounts: RealmAccounts;
const logged: string[] = [];

async function open(keepsAuth2Keys: boolean): Promise<void> {
  realm = await TestRealm.open(directory, new Clock(), keepsAuth2Keys);
  accounts = new RealmAccounts({ protection: realm.store.protection, realm: realm.realmServer });
}

async function reopen(keepsAuth2Keys: boolean): Promise<void> {
  await realm.close();
  await open(keepsAuth2Keys);
}

beforeEach(async () => {
  logged.length = 0;
  vi.spyOn(venusLog, 'write').mockImplementation((line) => void logged.push(line));
  directory = mkdtempSync(join(tmpdir(), 'coda-auth2-'));
  await open(true);
  await realm.realmServer.addUser({ name: 'jan', password: 'changeme', administrator: false });
  await realm.realmServer.addUser({ name: 'root', password: 'secret', administrator: true });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await realm.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Whether a password would open the connection of a user. */
const takes = (who: string, text: string) => {
  const found = accounts.find(who);
  const key = keyOfSecret(passwordSecret(text));
  return found !== undefined && Buffer.from(found.key.cipher).equals(key.cipher);
};
const login = (user: string, text: string) =>
  outcome(realm.realmServer.login({ user, password: text, lifetime: undefined }));

describe('auth2 of the realm', () => {
  it('knows users by name and number, with the first eight bytes of their passwords', () => {
    expect(accounts.find('jan')?.viceId).toBe(JAN);
    expect(accounts.find(String(JAN))?.viceId).toBe(JAN);
    expect([takes('jan', 'changeme'), takes('jan', 'changemeXY'), takes('jan', 'changem')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(accounts.idOf('jan')).toBe(JAN);
  });

  it.each(['nobody', 'System:Administrators', '-999999', '0', '999', '501x', '1e300', ''])(
    'knows no user %j',
    (name) => {
      expect(accounts.find(name)).toBeUndefined();
      expect(logged.join('')).toContain('there is no such user');
    },
  );

  it('gives tokens that the servers take', () => {
    const { secret, clear } = accounts.issueToken(JAN);
    expect(openToken(secret, realm.store.tokenKey)).toEqual({ viceId: JAN, ends: clear.ends });
    expect(clear).toMatchObject({ authHandle: -1, viceId: JAN });
  });

  it('changes a password, of which eight bytes count from then on, on the socket too', async () => {
    expect(await accounts.changePassword(JAN, password(JAN, 'changed!'))).toBe(SUCCESS);
    expect([takes('jan', 'changed!'), takes('jan', 'changeme')]).toEqual([true, false]);
    expect(await login('jan', 'changed!')).toBe('done');
    expect(await login('jan', 'changed! and more')).toBe('done');
    expect(await login('jan', 'changed')).toBe('wrong-password');
    expect(await login('jan', 'changeme')).toBe('wrong-password');
  });

  it('takes all of a password that is set over the socket', async () => {
    await realm.realmServer.resetPassword({ name: 'jan', password: 'a long password' });
    expect(takes('jan', 'a long p')).toBe(true);
    expect(await login('jan', 'a long p')).toBe('wrong-password');
    expect(await login('jan', 'a long password')).toBe('done');
  });

  it('lets nobody but administrators change others', async () => {
    expect(await accounts.changePassword(JAN, password(ADMIN, 'x'))).toBe(DENIED);
    expect(await accounts.changeUser(JAN, password(JAN, 'x'))).toBe(DENIED);
    expect(await accounts.addUser(JAN, password(JAN, 'x'))).toBe(DENIED);
    expect(await accounts.deleteUser(JAN, JAN)).toBe(DENIED);
    expect([takes('jan', 'changeme'), takes('root', 'secret')]).toEqual([true, true]);
    expect(await accounts.changePassword(ADMIN, password(JAN, 'other'))).toBe(SUCCESS);
    expect(await accounts.changeUser(ADMIN, password(JAN, 'another'))).toBe(SUCCESS);
    expect(takes('jan', 'another')).toBe(true);
  });

  it('takes a password away and gives a new one; the user himself stays', async () => {
    expect(await accounts.addUser(ADMIN, password(JAN, 'new'))).toBe(FAILED);
    expect(await accounts.deleteUser(ADMIN, JAN)).toBe(SUCCESS);
    expect([accounts.find('jan'), accounts.idOf('jan')]).toEqual([undefined, JAN]);
    expect(await login('jan', 'changeme')).toBe('wrong-password');
    expect(await accounts.deleteUser(ADMIN, JAN)).toBe(FAILED);
    expect(await accounts.changeUser(ADMIN, password(JAN, 'new'))).toBe(FAILED);
    expect(await accounts.addUser(ADMIN, password(JAN, 'new'))).toBe(SUCCESS);
    expect(await login('jan', 'new')).toBe('done');
  });

  it('answers for users that are not there, and for empty passwords', async () => {
    expect(await accounts.changePassword(ADMIN, password(999, 'x'))).toBe(FAILED);
    expect(await accounts.addUser(ADMIN, password(999, 'x'))).toBe(FAILED);
    expect(await accounts.deleteUser(ADMIN, -999_999)).toBe(FAILED);
    expect(await accounts.changePassword(JAN, password(JAN, ''))).toBe(BAD_KEY);
    expect(await login('jan', 'changeme')).toBe('done');
  });
});

describe('what auth2 knows of a password', () => {
  it('is nothing where it was set while auth2 was off, and nothing of the one before it', async () => {
    await reopen(false);
    await realm.realmServer.resetPassword({ name: 'jan', password: 'newer' });
    await reopen(true);
    expect(accounts.find('jan')).toBeUndefined();
    expect(logged.join('')).toContain('his password was set while auth2 was off');
  });

  it('comes with the first login over the socket', async () => {
    await reopen(false);
    await realm.realmServer.resetPassword({ name: 'jan', password: 'newer' });
    await login('jan', 'newer');
    await reopen(true);
    expect(await login('jan', 'guess')).toBe('wrong-password');
    expect(accounts.find('jan')).toBeUndefined();
    expect(await login('jan', 'newer')).toBe('done');
    expect(takes('jan', 'newer')).toBe(true);
  });

  it('goes with its user', async () => {
    expect(realm.store.protection.auth2KeyOf(JAN)).toBeDefined();
    await realm.realmServer.removeUser({ name: 'jan' });
    expect(realm.store.protection.auth2KeyOf(JAN)).toBeUndefined();
  });
});

it('no password is on the disk as it was typed', async () => {
  await accounts.changePassword(JAN, password(JAN, 'verysecr'));
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  for (const text of ['changeme', 'verysecr'])
    expect(files.filter((contents) => contents.includes(text)).length).toBe(0);
});
