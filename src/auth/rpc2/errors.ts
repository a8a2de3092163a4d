import { CodaError } from '../../ipc/errors.ts';
import { ReturnCode, rpc2Message } from '../../ipc/rpc2/codes.ts';

/** Why a server could not be spoken to. */
export type Rpc2Failure =
  | 'wrong-password'
  | 'unknown-user'
  /** Nothing came back. */
  | 'server-dead'
  /** It answers, but takes no login for now. */
  | 'server-busy'
  /** It knows only handshakes that are not safe. */
  | 'server-too-old'
  /** It agreed to begin, and was silent from then on. */
  | 'connection-lost'
  /** It knows nothing of the connection, or does not keep to the protocol. */
  | 'server-refused';

/** What the C library would have returned, which cannot tell all of them apart (spec/auth.md, 1.4). */
const returnCodes: Readonly<Record<Rpc2Failure, number>> = {
  'wrong-password': ReturnCode.NoBinding,
  'unknown-user': ReturnCode.NotAuthenticated,
  'server-dead': ReturnCode.NoBinding,
  'server-busy': ReturnCode.NoBinding,
  'server-too-old': ReturnCode.OldVersion,
  'connection-lost': ReturnCode.Dead,
  'server-refused': ReturnCode.NotAuthenticated,
};

interface Explanation {
  readonly message: string;
  readonly why?: string;
  readonly next?: string;
  /** Where it is not the usual one for the failure. */
  readonly returnCode?: number;
}

/** A conversation with a server that failed. */
export class Rpc2Error extends CodaError {
  readonly code: Rpc2Failure;
  /** As the C tools know it. */
  readonly returnCode: number;

  constructor(code: Rpc2Failure, { message, returnCode, ...advice }: Explanation) {
    super(message, advice);
    this.code = code;
    this.returnCode = returnCode ?? returnCodes[code];
  }

  /** As the C tools print it. */
  get classic(): string {
    return rpc2Message(this.returnCode);
  }
}

export function wrongPassword(): Rpc2Error {
  return new Rpc2Error('wrong-password', {
    message: 'wrong password',
    why: 'The server answered, but with another key than the password gives.',
  });
}

export function unknownUser(server: string): Rpc2Error {
  return new Rpc2Error('unknown-user', { message: `${server} knows no such user` });
}

/** @param problem why datagrams could not even be sent, if they could not */
export function serverDead(server: string, problem: string | undefined): Rpc2Error {
  return new Rpc2Error('server-dead', {
    message: `${server} does not answer`,
    why: problem ?? 'It is down, cannot be reached, or its UDP packets are held back on the way.',
    next: 'Try again later, or another server with --host.',
  });
}

export function serverBusy(server: string): Rpc2Error {
  return new Rpc2Error('server-busy', {
    message: `${server} is busy with other logins`,
    why: 'An auth2 server takes one login at a time; one with a wrong password holds up all others for about ten seconds.',
    next: 'Try again in a moment.',
  });
}

/** @param explanation what it offered instead */
export function serverTooOld(server: string, explanation: string): Rpc2Error {
  return new Rpc2Error('server-too-old', {
    message: `${server} is too old for a safe login`,
    why: explanation,
    next: 'Update the server. To log in all the same, where nobody can listen: --allow-insecure',
  });
}

export function connectionLost(server: string): Rpc2Error {
  return new Rpc2Error('connection-lost', {
    message: `${server} has stopped answering`,
    why: 'It died, was started again, or cannot be reached any more.',
    next: 'Try again. Whether the last request was done is not known.',
  });
}

export function naked(server: string): Rpc2Error {
  return new Rpc2Error('server-refused', {
    message: `${server} knows nothing of this connection`,
    returnCode: ReturnCode.Naked,
    next: 'Try again.',
  });
}

/** @param what it did */
export function misbehaved(server: string, what: string): Rpc2Error {
  return new Rpc2Error('server-refused', { message: `${server}: ${what}` });
}
