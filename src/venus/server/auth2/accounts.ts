import type { Token } from '../../../ipc/clearToken.ts';
import type { XcbcKeys } from '../../../ipc/rpc2/xcbc.ts';

/** A user who can log in. */
export interface Account {
  readonly viceId: number;
  /** Of his password; nobody else keeps it, and it may be wiped. */
  readonly key: XcbcKeys;
}

/** A new password: its first eight bytes, without NULs behind it. */
export interface NewPassword {
  readonly viceId: number;
  readonly password: Uint8Array;
}

/** What auth2 does for a realm. Each change answers with a code of auth2 (spec/rpc2.md, 8). */
export interface Auth2Accounts {
  /** @param identity a name, or a user id in decimal */
  find(identity: string): Account | undefined;
  idOf(name: string): number | undefined;
  issueToken(viceId: number): Token;
  /** @param by who asks for it */
  changePassword(by: number, change: NewPassword): Promise<number>;
  /** Gives somebody a password who has none. */
  addUser(by: number, change: NewPassword): Promise<number>;
  changeUser(by: number, change: NewPassword): Promise<number>;
  /** Takes somebody's password away. */
  deleteUser(by: number, viceId: number): Promise<number>;
}
