import { CLEAR_TOKEN_SIZE, SECRET_TOKEN_SIZE } from '../../../ipc/clearToken.ts';
import { ProtocolError } from '../../../ipc/errors.ts';
import {
  Auth2Call,
  decodeChangePassword,
  decodeId,
  decodeName,
  decodeUserChange,
  encodeId,
  encodeTokens,
  withoutNuls,
} from '../../../ipc/rpc2/auth2Calls.ts';
import { AuthCode, ReturnCode } from '../../../ipc/rpc2/codes.ts';
import { logFault } from '../../log.ts';
import type { Auth2Accounts } from './accounts.ts';

export interface Answer {
  readonly code: number;
  readonly body: Uint8Array;
}

/** The session of one user: performs the procedures that he calls. */
export class Procedures {
  readonly #accounts: Auth2Accounts;
  readonly #viceId: number;
  #hasQuit = false;

  constructor(accounts: Auth2Accounts, viceId: number) {
    this.#accounts = accounts;
    this.#viceId = viceId;
  }

  /** Never fails: what goes wrong is an answer, too. */
  async perform(opcode: number, body: Uint8Array): Promise<Answer> {
    try {
      return await this.#perform(opcode, body);
    } catch (error) {
      if (!(error instanceof ProtocolError)) logFault('auth2', error);
      return failed(opcode);
    }
  }

  async #perform(opcode: number, body: Uint8Array): Promise<Answer> {
    if (opcode === Auth2Call.Quit) {
      this.#hasQuit = true;
      return done();
    }
    if (opcode === Auth2Call.NameToId) {
      const id = this.#accounts.idOf(decodeName(body));
      return id === undefined ? failed(opcode) : done(encodeId(id));
    }
    if (opcode < Auth2Call.ChangePassword || opcode > Auth2Call.Quit)
      return { code: ReturnCode.InvalidOpcode, body: nothing };
    if (this.#hasQuit) return failed(opcode);
    if (opcode === Auth2Call.GetTokens) return done(encodeTokens(this.#accounts.issueToken(this.#viceId)));
    return { code: await this.#change(opcode, body), body: nothing };
  }

  async #change(opcode: number, body: Uint8Array): Promise<number> {
    const [accounts, by] = [this.#accounts, this.#viceId];
    if (opcode === Auth2Call.ChangePassword) return accounts.changePassword(by, decodeChangePassword(body));
    if (opcode === Auth2Call.DeleteUser) return accounts.deleteUser(by, decodeId(body));
    const { viceId, key, info } = decodeUserChange(body);
    // There is no place for it; a real auth2 answers that all is well and stores nothing.
    if (info !== '') return AuthCode.Failed;
    const change = { viceId, password: withoutNuls(key) };
    return opcode === Auth2Call.NewUser ? accounts.addUser(by, change) : accounts.changeUser(by, change);
  }
}

const nothing = new Uint8Array(0);

function done(body: Uint8Array = nothing): Answer {
  return { code: AuthCode.Success, body };
}

/** An answer has the size of a good one, whatever its code. */
function failed(opcode: number): Answer {
  const size =
    opcode === Auth2Call.GetTokens
      ? SECRET_TOKEN_SIZE + CLEAR_TOKEN_SIZE
      : opcode === Auth2Call.NameToId
        ? 4
        : 0;
  return { code: AuthCode.Failed, body: new Uint8Array(size) };
}
