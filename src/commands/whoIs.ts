import { type CodaIdentity, configuredRealm, parseIdentity } from '../auth/identity.ts';
import { CodaError } from '../ipc/errors.ts';
import type { Context } from './context.ts';
import { localUserName } from './localUser.ts';

/** User or realm cannot be told: the classic text, in two lines. */
class UnknownIdentityError extends CodaError {
  readonly code = 'usage';
  override readonly unlabelled = true;

  constructor(tool: string) {
    super(`Can't figure out your username or realm.\nTry "${tool} user[@realm]"`);
  }
}

/**
 * Who is meant by `user@realm` and its short forms. Where no configuration names a realm, it is the first one of the
 * embedded venus.
 * @throws UnknownIdentityError if user or realm cannot be told
 */
export async function whoIs(context: Context, typed: string | undefined): Promise<CodaIdentity> {
  const defaults = { user: localUserName(context), realm: await whichRealm(context, typed) };
  const who = parseIdentity(typed, defaults);
  if (who) return who;
  throw new UnknownIdentityError(context.tool.name);
}

/** The realm of `user@realm` or `@realm`, or the one meant where none is typed. @throws UnknownIdentityError */
export async function whichRealm(context: Context, typed: string | undefined): Promise<string> {
  const named = /@([^@]+)$/.exec(typed ?? '')?.[1];
  const realm = named ?? configuredRealm(context.surroundings.env) ?? (await firstRealm(context));
  if (realm !== undefined) return realm;
  throw new UnknownIdentityError(context.tool.name);
}

async function firstRealm(context: Context): Promise<string | undefined> {
  return !context.isEmbedded() ? undefined : (await context.realms())[0];
}
