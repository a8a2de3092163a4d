import { randomBytes } from 'node:crypto';
import type { Token } from '../../../ipc/clearToken.ts';
import { AuthCode } from '../../../ipc/rpc2/codes.ts';
import { SECRET_SIZE } from '../../../ipc/rpc2/keyDerivation.ts';
import { logNote } from '../../log.ts';
import type { IssuedToken } from '../../net/realmProtocol.ts';
import { auth2KeyOf, xcbcKeysOf } from '../protection/auth2Key.ts';
import { storePassword } from '../protection/password.ts';
import type { ProtectionDatabase, UserRecord } from '../protection/protectionDatabase.ts';
import type { Account, Auth2Accounts, NewPassword } from './accounts.ts';

const HANDSHAKE_KEY = 8;
/** Every token has this handle (spec/auth.md, 7.1). */
const AUTH_HANDLE = -1;

export interface RealmAccountsOptions {
  readonly protection: ProtectionDatabase;
  readonly realm: { issueToken(viceId: number): IssuedToken };
}

/** The users of the realm, as auth2 sees them. Who has no password is no user there. */
export class RealmAccounts implements Auth2Accounts {
  readonly #options: RealmAccountsOptions;

  constructor(options: RealmAccountsOptions) {
    this.#options = options;
  }

  find(identity: string): Account | undefined {
    const user = /^\d/.test(identity) ? this.#byId(Number(identity)) : this.#byName(identity);
    if (!user?.password) {
      logNote(`auth2: no login for ${JSON.stringify(identity)}: there is no such user`);
      return undefined;
    }
    const stored = this.#options.protection.auth2KeyOf(user.id);
    if (stored) return { viceId: user.id, key: xcbcKeysOf(stored) };
    logNote(
      `auth2: no login for ${user.name}: his password was set while auth2 was off. ` +
        'It becomes known with clog over the socket, or with coda realm user password.',
    );
    return undefined;
  }

  idOf(name: string): number | undefined {
    return this.#byName(name)?.id;
  }

  issueToken(id: number): Token {
    const { secret, viceId, begins, ends } = this.#options.realm.issueToken(id);
    const handshakeKey = new Uint8Array(randomBytes(HANDSHAKE_KEY));
    return { secret, clear: { authHandle: AUTH_HANDLE, handshakeKey, viceId, begins, ends } };
  }

  async changePassword(by: number, change: NewPassword): Promise<number> {
    const user = this.#byId(change.viceId);
    if (!user) return AuthCode.Failed;
    if (by !== change.viceId && !this.#isAdministrator(by)) return AuthCode.Denied;
    return user.password ? this.#setPassword(user, change) : AuthCode.Failed;
  }

  async addUser(by: number, change: NewPassword): Promise<number> {
    if (!this.#isAdministrator(by)) return AuthCode.Denied;
    const user = this.#byId(change.viceId);
    return user && !user.password ? this.#setPassword(user, change) : AuthCode.Failed;
  }

  async changeUser(by: number, change: NewPassword): Promise<number> {
    if (!this.#isAdministrator(by)) return AuthCode.Denied;
    const user = this.#byId(change.viceId);
    return user?.password ? this.#setPassword(user, change) : AuthCode.Failed;
  }

  async deleteUser(by: number, viceId: number): Promise<number> {
    if (!this.#isAdministrator(by)) return AuthCode.Denied;
    const user = this.#byId(viceId);
    if (!user?.password) return AuthCode.Failed;
    await this.#options.protection.removePassword(user.name);
    return AuthCode.Success;
  }

  async #setPassword({ name }: UserRecord, { password: bytes }: NewPassword): Promise<number> {
    if (bytes.length === 0) return AuthCode.BadKey;
    const password = await storePassword(bytes, SECRET_SIZE);
    await this.#options.protection.setPassword(name, { password, auth2Key: auth2KeyOf(bytes) });
    return AuthCode.Success;
  }

  #isAdministrator(viceId: number): boolean {
    return this.#options.protection.identityOf(viceId).administrator;
  }

  #byId(id: number): UserRecord | undefined {
    const found =
      Number.isSafeInteger(id) && id > 0 && id < 2 ** 31 ? this.#options.protection.byId(id) : undefined;
    return found?.kind === 'user' ? found : undefined;
  }

  #byName(name: string): UserRecord | undefined {
    const found = this.#options.protection.byName(name);
    return found?.kind === 'user' ? found : undefined;
  }
}
