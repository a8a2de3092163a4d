import type { Fid } from '../../ipc/fid.ts';
import type { Credentials, FileProtocol, ObjectStatus } from '../net/fileProtocol.ts';
import type { CacheManager } from './cacheManager.ts';

/** Requests about objects, less what a session adds. */
type Asked<Name extends keyof FileProtocol> = Omit<FileProtocol[Name]['request'], 'credentials' | 'storeId'>;

/** What a client does for one local user: with his token, or as nobody in particular. */
export class UserSession {
  readonly uid: number;
  readonly client: CacheManager;

  constructor(client: CacheManager, uid: number) {
    this.client = client;
    this.uid = uid;
  }

  get realm(): string {
    return this.client.realm.name;
  }

  credentials(): Credentials {
    const token = this.client.tokens.get(this.uid, this.realm);
    return token ? { secret: token.secret } : {};
  }

  async status(fid: Fid): Promise<ObjectStatus> {
    const server = await this.client.serverOf(fid.volume);
    return server.call('getStatus', { credentials: this.credentials(), fid });
  }

  async lookup(directory: Fid, name: string): Promise<ObjectStatus> {
    const server = await this.client.serverOf(directory.volume);
    return server.call('lookup', { credentials: this.credentials(), directory, name });
  }

  async makeDirectory(request: Asked<'makeDirectory'>): Promise<void> {
    const server = await this.client.serverOf(request.directory.volume);
    await server.call('makeDirectory', { ...request, ...(await this.#update()) });
  }

  async makeSymlink(request: Asked<'makeSymlink'>): Promise<void> {
    const server = await this.client.serverOf(request.directory.volume);
    await server.call('makeSymlink', { ...request, ...(await this.#update()) });
  }

  async link(request: Asked<'link'>): Promise<void> {
    const server = await this.client.serverOf(request.directory.volume);
    await server.call('link', { ...request, ...(await this.#update()) });
  }

  async rename(request: Asked<'rename'>): Promise<void> {
    const server = await this.client.serverOf(request.fromDirectory.volume);
    await server.call('rename', { ...request, ...(await this.#update()) });
  }

  async remove(request: Asked<'remove'>): Promise<void> {
    const server = await this.client.serverOf(request.directory.volume);
    await server.call('remove', { ...request, ...(await this.#update()) });
  }

  async setStatus(request: Asked<'setStatus'>): Promise<void> {
    const server = await this.client.serverOf(request.fid.volume);
    await server.call('setStatus', { ...request, ...(await this.#update()) });
  }

  async getAcl(fid: Fid): Promise<string> {
    const server = await this.client.serverOf(fid.volume);
    return (await server.call('getAcl', { credentials: this.credentials(), fid })).text;
  }

  async setAcl(request: Asked<'setAcl'>): Promise<void> {
    const server = await this.client.serverOf(request.fid.volume);
    await server.call('setAcl', { ...request, ...(await this.#update()) });
  }

  async #update() {
    return { credentials: this.credentials(), storeId: await this.client.storeIds.next() };
  }
}
