import { type Token, decodeClearToken } from '../ipc/clearToken.ts';
import type { HttpSession } from '../ipc/socket/httpSession.ts';
import type { CodaIdentity } from './identity.ts';

/** A place that knows passwords: the embedded venus's, or the auth2 servers of a real realm. */
export interface AuthServer {
  readonly kind: 'embedded' | 'auth2';
  /**
   * @param lifetime seconds; as long as the realm gives if absent
   * @throws RefusedError wrong-password, unknown-user, unknown-realm (embedded); Rpc2Error, Auth2Error (auth2)
   */
  login(who: CodaIdentity, password: string, lifetime?: number): Promise<Token>;
  /** @throws RefusedError, Rpc2Error, Auth2Error as login */
  changePassword(who: CodaIdentity, oldPassword: string, newPassword: string): Promise<void>;
}

/** The auth server inside the embedded venus, over its socket. */
export async function embeddedAuthServer(http: HttpSession): Promise<AuthServer> {
  const { emptySchema, tokenSchema } = await import('../ipc/socket/routes.ts');
  return {
    kind: 'embedded',
    login: async ({ user, realm }, password, lifetime) => {
      const request = { user, realm, password, ...(lifetime === undefined ? {} : { lifetime }) };
      const { clear, secret } = await http.json(
        { method: 'POST', route: '/auth/token', json: request },
        tokenSchema,
      );
      return { clear: decodeClearToken(clear), secret };
    },
    changePassword: async ({ user, realm }, oldPassword, newPassword) => {
      const request = { user, realm, oldPassword, newPassword };
      await http.json({ method: 'POST', route: '/auth/password', json: request }, emptySchema);
    },
  };
}
