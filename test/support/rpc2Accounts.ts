import type { Token } from '../../src/ipc/clearToken.ts';
import { AuthCode } from '../../src/ipc/rpc2/codes.ts';
import { keyOfSecret, passwordSecret } from '../../src/ipc/rpc2/keyDerivation.ts';
import type { Auth2Accounts } from '../../src/venus/server/auth2/accounts.ts';

export const someToken: Token = {
  clear: {
    authHandle: -1,
    handshakeKey: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    viceId: 500,
    begins: 1_000_000_000,
    ends: 1_000_090_900,
  },
  secret: Uint8Array.from({ length: 56 }, (_, at) => at),
};

/** A realm with the user admin, 500, whose password is given. What is changed is kept as lines of text. */
export function accountsWith(password = 'changeme', token = someToken) {
  const changes: string[] = [];
  const change = (what: string) => (by: number, request: { viceId: number; password: Uint8Array }) => {
    changes.push(`${by} ${what} ${request.viceId} ${Buffer.from(request.password).toString('latin1')}`);
    return Promise.resolve(AuthCode.Success);
  };
  const accounts: Auth2Accounts = {
    find: (identity) =>
      identity === 'admin' || identity === '500'
        ? { viceId: 500, key: keyOfSecret(passwordSecret(password)) }
        : undefined,
    idOf: (name) => (name === 'admin' ? 500 : undefined),
    issueToken: () => token,
    changePassword: change('changes'),
    addUser: change('adds'),
    changeUser: change('sets'),
    deleteUser: (by, viceId) => {
      changes.push(`${by} deletes ${viceId}`);
      return Promise.resolve(AuthCode.Success);
    },
  };
  return { accounts, changes };
}
