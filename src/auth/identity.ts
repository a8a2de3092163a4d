import { readConfiguration } from '../ipc/venusConf.ts';

/** Somebody in a realm. */
export interface CodaIdentity {
  readonly user: string;
  readonly realm: string;
}

/** What stands for parts that are not typed. */
export interface IdentityDefaults {
  /** The local login name, if the system knows one. */
  readonly user: string | undefined;
  readonly realm: string | undefined;
}

/**
 * Reads `user`, `user@realm` or `@realm`, split at the last `@` (spec/auth.md, 1.1).
 * @returns undefined if a part is missing and there is no default for it
 */
export function parseIdentity(
  text: string | undefined,
  defaults: IdentityDefaults,
): CodaIdentity | undefined {
  const at = text?.lastIndexOf('@') ?? -1;
  const typedUser = at < 0 ? text : text?.slice(0, at);
  const typedRealm = at < 0 ? undefined : text?.slice(at + 1);
  const user = typedUser || defaults.user;
  const realm = typedRealm || defaults.realm;
  return user === undefined || realm === undefined ? undefined : { user, realm };
}

/** The realm that venus.conf or auth2.conf names. */
export function configuredRealm(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return readConfiguration(['venus.conf', 'auth2.conf'], env).realm;
}
