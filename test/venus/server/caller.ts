import type { Fid } from '../../../src/ipc/fid.ts';
import type { Credentials, FileProtocol, ObjectStatus } from '../../../src/venus/net/fileProtocol.ts';
import { FRAGMENT } from '../../../src/venus/net/fileProtocol.ts';
import type { TestRealm } from '../support.ts';

type Change = Pick<FileProtocol['setStatus']['request'], 'mode' | 'owner' | 'modified'>;
type Rename = Omit<FileProtocol['rename']['request'], 'credentials' | 'storeId'>;

/** Somebody who asks the file server directly, past the client, so that fids and store ids are in the test's hand. */
export class Caller {
  readonly credentials: Credentials;
  readonly #realm: TestRealm;

  /** @param user nobody in particular, without a token, if it is not said */
  static as(realm: TestRealm, user?: string): Caller {
    return new Caller(realm, user === undefined ? {} : realm.tokenOf(realm.store.protection.user(user).id));
  }

  constructor(realm: TestRealm, credentials: Credentials) {
    this.#realm = realm;
    this.credentials = credentials;
  }

  status(fid: Fid): Promise<ObjectStatus> {
    return this.#realm.server.getStatus({ credentials: this.credentials, fid });
  }

  lookup(directory: Fid, name: string): Promise<ObjectStatus> {
    return this.#realm.server.lookup({ credentials: this.credentials, directory, name });
  }

  async list(directory: Fid): Promise<readonly string[]> {
    const { credentials } = this;
    const request = { credentials, directory, after: undefined, limit: 1000 };
    return (await this.#realm.server.readDirectory(request)).map(({ name }) => name);
  }

  nameOf(fid: Fid): Promise<{ readonly name: string }> {
    return this.#realm.server.nameOf({ credentials: this.credentials, fid });
  }

  async read(fid: Fid): Promise<string> {
    const { server } = this.#realm;
    const { handle } = await server.openFetch({ credentials: this.credentials, fid });
    const bytes = await server.fetchFragment({ handle, offset: 0, length: FRAGMENT });
    await server.closeFetch({ handle });
    return Buffer.from(bytes).toString();
  }

  create(directory: Fid, name: string, contents = '', mode = 0o644): Promise<Fid> {
    const target = { kind: 'new', directory, name, mode } as const;
    return this.#realm.storeOnServer(this.credentials, target, Buffer.from(contents));
  }

  store(fid: Fid, contents: string): Promise<Fid> {
    return this.#realm.storeOnServer(this.credentials, { kind: 'existing', fid }, Buffer.from(contents));
  }

  async mkdir(directory: Fid, name: string, mode = 0o755): Promise<Fid> {
    return (await this.#realm.server.makeDirectory({ ...this.#update(), directory, name, mode })).fid;
  }

  async symlink(directory: Fid, name: string, target: string): Promise<Fid> {
    const request = { ...this.#update(), directory, name, target, mode: 0o777 };
    return (await this.#realm.server.makeSymlink(request)).fid;
  }

  link(directory: Fid, name: string, fid: Fid): Promise<null> {
    return this.#realm.server.link({ ...this.#update(), directory, name, fid });
  }

  rename(request: Rename): Promise<null> {
    return this.#realm.server.rename({ ...this.#update(), ...request });
  }

  /** Within one directory. */
  move(directory: Fid, fromName: string, toName: string): Promise<null> {
    return this.rename({ fromDirectory: directory, fromName, toDirectory: directory, toName });
  }

  remove(directory: Fid, name: string): Promise<null> {
    return this.#realm.server.remove({ ...this.#update(), directory, name });
  }

  change(fid: Fid, change: Change): Promise<ObjectStatus> {
    return this.#realm.server.setStatus({ ...this.#update(), fid, ...change });
  }

  async acl(fid: Fid): Promise<string> {
    return (await this.#realm.server.getAcl({ credentials: this.credentials, fid })).text;
  }

  setAcl(fid: Fid, text: string): Promise<null> {
    return this.#realm.server.setAcl({ ...this.#update(), fid, text });
  }

  #update() {
    return { credentials: this.credentials, storeId: this.#realm.storeId() };
  }
}

/** The text of a list, positive and negative entries each as a name and its rights. */
export function aclText(
  positive: readonly (readonly [string, number])[],
  negative: readonly (readonly [string, number])[] = [],
): string {
  const lines = [...positive, ...negative].map(([name, rights]) => `${name} ${rights}\n`);
  return `${positive.length}\n${negative.length}\n${lines.join('')}`;
}
