import type { Credentials } from '../net/fileProtocol.ts';
import { ANY_USER, type Identity } from '../tree/identity.ts';
import type { ProtectionDatabase } from './protection/protectionDatabase.ts';
import { openToken } from './protection/secretToken.ts';

export interface IdentitiesOptions {
  readonly protection: ProtectionDatabase;
  /** Shared by the servers of the realm, to open tokens with. */
  readonly tokenKey: Uint8Array;
  readonly now: () => number;
}

/** Whose rights count when somebody asks. */
export class Identities {
  readonly #options: IdentitiesOptions;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
  }

  /** The token's user while it lives, else everybody. */
  of({ secret }: Credentials): Identity {
    const { protection, tokenKey, now } = this.#options;
    const claim = secret && openToken(secret, tokenKey);
    const valid = claim && claim.ends * 1000 > now() && protection.byId(claim.viceId) !== undefined;
    return protection.identityOf(valid ? claim.viceId : ANY_USER.id);
  }
}
