import type { CodaIdentity } from '../../auth/identity.ts';
import { NoServersError } from '../../auth/realms/realmServers.ts';
import { Auth2Error } from '../../auth/rpc2/auth2Session.ts';
import { Rpc2Error } from '../../auth/rpc2/errors.ts';
import { type Advice, CodaError, RefusedError } from '../../ipc/errors.ts';
import { rpc2Message } from '../../ipc/rpc2/codes.ts';

interface Reason extends Advice {
  readonly code: string;
  /** What the C clog has in brackets. */
  readonly classic: string;
  readonly meaning: string;
}

/** The text of the C clog, which cannot tell the reasons apart (spec/auth.md, 1.4), and what it means. */
class InvalidLoginError extends CodaError {
  readonly code: string;
  override readonly unlabelled = true;

  constructor({ code, classic, meaning, ...advice }: Reason) {
    super(`Invalid login (${classic}).\nclog: ${meaning}`, advice);
    this.code = code;
  }
}

/** What a failed login is shown as. Other errors stay as they are. */
export function asLoginError(error: unknown, who: CodaIdentity): unknown {
  if (error instanceof RefusedError) return new InvalidLoginError(refusal(error, who));
  if (error instanceof Rpc2Error) return new InvalidLoginError(failure(error, who));
  if (error instanceof Auth2Error) {
    const { code, returnCode, message: meaning } = error;
    return new InvalidLoginError({ code, classic: rpc2Message(returnCode), meaning });
  }
  if (!(error instanceof NoServersError)) return error;
  const { code, message: meaning } = error;
  return new InvalidLoginError({ code, classic: FAIL, meaning, ...adviceOf(error) });
}

const FAIL = 'RPC2_FAIL (F)';

/** Of the embedded venus. */
function refusal(error: RefusedError, { user, realm }: CodaIdentity): Reason {
  const { code } = error;
  const again = { ...adviceOf(error), next: `Try again: clog ${user}@${realm}` };
  if (code === 'wrong-password')
    return { ...again, code, classic: 'RPC2_NOBINDING (F)', meaning: `wrong password for ${user}@${realm}` };
  if (code !== 'unknown-user')
    return { ...again, code, classic: FAIL, meaning: `there is no realm ${realm} here` };
  return {
    code,
    classic: 'RPC2_NOTAUTHENTICATED (F)',
    meaning: `there is no user ${user} in the realm ${realm}`,
    next: 'See who there is: coda realm user list',
  };
}

/** Of a server that speaks RPC2. */
function failure(error: Rpc2Error, { user, realm }: CodaIdentity): Reason {
  const { code, classic, message } = error;
  const advice = adviceOf(error);
  if (code === 'wrong-password')
    return {
      code,
      classic,
      meaning: `wrong password for ${user}@${realm}`,
      ...advice,
      next: `Try again: clog ${user}@${realm}`,
    };
  if (code !== 'unknown-user') return { code, classic, meaning: message, ...advice };
  return { code, classic, meaning: `there is no user ${user} in the realm ${realm}`, ...advice };
}

function adviceOf({ why, next }: CodaError): Advice {
  return { ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) };
}
