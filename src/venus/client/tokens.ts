import type { Token } from '../../ipc/clearToken.ts';
import type { Database, Table } from '../store/database.ts';
import { type Key, key } from '../store/keys.ts';

/** The tokens that local users have given to a client. They survive its restart; expired ones stay until replaced. */
export class Tokens {
  readonly #database: Database;
  readonly #tokens: Table<Token>;

  constructor(database: Database) {
    this.#database = database;
    this.#tokens = database.table('tokens');
  }

  get(uid: number, realm: string): Token | undefined {
    return this.#tokens.get(tokenKey(uid, realm));
  }

  set(uid: number, realm: string, token: Token): Promise<void> {
    return this.#database.transaction((writer) => writer.put(this.#tokens, tokenKey(uid, realm), token));
  }

  forget(uid: number, realm: string): Promise<void> {
    return this.#database.transaction((writer) => writer.remove(this.#tokens, tokenKey(uid, realm)));
  }
}

function tokenKey(uid: number, realm: string): Key {
  return key(uid, realm);
}
