import type { Token } from '../../ipc/clearToken.ts';
import { CodaError } from '../../ipc/errors.ts';
import {
  AUTH2_SUBSYSTEM,
  Auth2Call,
  type UserChange,
  decodeId,
  decodeTokens,
  encodeChangePassword,
  encodeId,
  encodeName,
  encodeUserChange,
} from '../../ipc/rpc2/auth2Calls.ts';
import { AuthCode, authMessage, rpc2Message } from '../../ipc/rpc2/codes.ts';
import { type BindRequest, type Surroundings, bindFirst } from './bindFirst.ts';
import type { Rpc2Connection } from './connection.ts';

/** What auth2 may answer to a call, in words. */
const meanings: Readonly<Record<number, { readonly code: Auth2Failure; readonly message: string }>> = {
  [AuthCode.Failed]: { code: 'auth-failed', message: 'the server could not do it' },
  [AuthCode.Denied]: { code: 'auth-denied', message: 'you may not do this' },
  [AuthCode.BadKey]: { code: 'auth-bad-key', message: 'the server does not take this password' },
  [AuthCode.ReadOnly]: {
    code: 'auth-read-only',
    message: 'this server takes no changes: only the one on the SCM does',
  },
};

export type Auth2Failure = 'auth-failed' | 'auth-denied' | 'auth-bad-key' | 'auth-read-only' | 'auth-unknown';

/** A call that auth2 has refused. */
export class Auth2Error extends CodaError {
  readonly code: Auth2Failure;
  /** Positive ones are auth2's, negative ones RPC2's. */
  readonly returnCode: number;

  constructor(returnCode: number) {
    const meaning = meanings[returnCode];
    super(meaning?.message ?? `the server answered: ${rpc2Message(returnCode)}`);
    this.code = meaning?.code ?? 'auth-unknown';
    this.returnCode = returnCode;
  }

  /** As the C tools print it: an RPC2 text for negative codes, one of auth2 for the others. */
  get classic(): string {
    return this.returnCode < 0 ? rpc2Message(this.returnCode) : authMessage(this.returnCode);
  }
}

/**
 * A user's conversation with an auth2 server. Its calls throw Auth2Error where the server refuses, Rpc2Error where it is
 * gone, and ProtocolError for answers that are none.
 */
export class Auth2Session {
  readonly #connection: Rpc2Connection;

  /** @throws Rpc2Error as bindFirst */
  static async open(
    request: Omit<BindRequest, 'subsystem'>,
    surroundings: Surroundings,
  ): Promise<Auth2Session> {
    const subsystem = AUTH2_SUBSYSTEM;
    return new Auth2Session(await bindFirst({ ...request, subsystem }, surroundings));
  }

  private constructor(connection: Rpc2Connection) {
    this.#connection = connection;
  }

  async getToken(): Promise<Token> {
    return decodeTokens(await this.#call(Auth2Call.GetTokens, nothing));
  }

  async idOf(name: string): Promise<number> {
    return decodeId(await this.#call(Auth2Call.NameToId, encodeName(name)));
  }

  /** @param password its first eight bytes count */
  async changePassword(viceId: number, password: Uint8Array): Promise<void> {
    await this.#call(Auth2Call.ChangePassword, encodeChangePassword(viceId, password));
  }

  async addUser(user: UserChange): Promise<void> {
    await this.#call(Auth2Call.NewUser, encodeUserChange(user));
  }

  async changeUser(user: UserChange): Promise<void> {
    await this.#call(Auth2Call.ChangeUser, encodeUserChange(user));
  }

  async deleteUser(viceId: number): Promise<void> {
    await this.#call(Auth2Call.DeleteUser, encodeId(viceId));
  }

  /** Tells the server that this was all. What it answers does not matter. */
  async quit(): Promise<void> {
    await this.#connection.call(Auth2Call.Quit, nothing);
  }

  close(): void {
    this.#connection.unbind();
  }

  async #call(opcode: number, body: Uint8Array): Promise<Uint8Array> {
    const reply = await this.#connection.call(opcode, body);
    body.fill(0);
    if (reply.code !== AuthCode.Success) throw new Auth2Error(reply.code);
    return reply.body;
  }
}

const nothing = new Uint8Array(0);
