import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CacheManager, ROOT_VOLUME } from '../../src/venus/client/cacheManager.ts';
import { Changes } from '../../src/venus/client/changes.ts';
import { MOUNT_LINK_MODE } from '../../src/venus/client/place.ts';
import { SessionFiles } from '../../src/venus/client/sessionFiles.ts';
import { UserSession } from '../../src/venus/client/userSession.ts';
import { StorageGroup } from '../../src/venus/client/vsg/storageGroup.ts';
import type { CallbackProtocol } from '../../src/venus/net/callbackProtocol.ts';
import type { FileProtocol } from '../../src/venus/net/fileProtocol.ts';
import { Network, type NodePair } from '../../src/venus/net/network.ts';
import type { PeerProtocol } from '../../src/venus/net/peerProtocol.ts';
import { noAnswer } from '../../src/venus/net/failure.ts';
import type { Protocol, Remote, Service } from '../../src/venus/net/link.ts';
import type { RealmProtocol } from '../../src/venus/net/realmProtocol.ts';
import { FileServer } from '../../src/venus/server/fileServer.ts';
import { sealToken } from '../../src/venus/server/protection/secretToken.ts';
import { RealmServer } from '../../src/venus/server/realmServer.ts';
import { type RealmStore, openRealmStore } from '../../src/venus/server/realmStore.ts';
import { Clock, OPERATOR, REALM, ROOT, chunks, rootOf, textOf } from '../venus/support.ts';

const addressOf = (index: number) => `127.10.0.${index + 1}`;

/** A server that a test can stop, start and empty. Where it does not run, nobody reaches it. */
class TestServer {
  readonly name: string;
  readonly directory: string;
  running: FileServer | undefined;

  constructor(name: string, directory: string) {
    this.name = name;
    this.directory = directory;
  }

  get server(): FileServer {
    if (!this.running) throw new Error(`${this.name} does not run`);
    return this.running;
  }
}

/** A client, with what a test does at it. */
export class ReplicatedClient {
  readonly name: string;
  readonly manager: CacheManager;

  constructor(name: string, manager: CacheManager) {
    this.name = name;
    this.manager = manager;
  }

  session(uid = OPERATOR): UserSession {
    return new UserSession(this.manager, uid);
  }

  files(uid = OPERATOR): SessionFiles {
    return new SessionFiles(this.session(uid));
  }

  async write(path: string, contents: string | Uint8Array): Promise<void> {
    await this.files().write(path, chunks(contents), { mode: 0o644, exclusive: false });
  }

  read(path: string): Promise<string> {
    return textOf(this.files().read(path));
  }

  async names(path: string): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { name } of this.files().readdir(path)) names.push(name);
    return names.sort();
  }

  /** Resolves when what goes on behind the answers of a volume's servers is done. */
  async settled(volume: number): Promise<void> {
    const group = await this.manager.serverOf(volume);
    if (group instanceof StorageGroup) await group.settled();
  }

  /** Finds out who can be reached. */
  probe(): Promise<void> {
    return this.manager.probeServers();
  }
}

/** A message from one node to another: what a test loses of them. */
export interface Message {
  readonly from: string;
  readonly to: string;
  readonly name: string;
}

/** What becomes of a message: it is lost before it comes, or its answer is. */
export type Fate = 'pass' | 'lose request' | 'lose answer';

/** Milliseconds: no server looks by itself, so that a test knows when they do. */
export const NEVER = 2 ** 31 - 1;

/** A realm of several servers, whose ways to each other and to the clients can be cut one by one. */
export class ReplicatedRealm {
  readonly network = new Network();
  readonly clock = new Clock();
  readonly servers: readonly TestServer[];
  readonly clients: ReplicatedClient[] = [];
  /** Asked about each message to a server; it may do something meanwhile. */
  fateOf: (message: Message) => Fate | Promise<Fate> = () => 'pass';
  /** See FileServerOptions. */
  readonly patrol: number;
  readonly #directory: string;
  #store: RealmStore | undefined;
  #realmServer: RealmServer | undefined;

  /** With a root volume on all servers, and an administrator that all clients have a token of. */
  static async open(
    directory: string,
    servers = 3,
    clients: readonly string[] = ['laptop', 'desk'],
    patrol = 2000,
  ) {
    const names = Array.from({ length: servers }, (_, index) => `s${index + 1}`);
    const realm = new ReplicatedRealm(directory, names, patrol);
    realm.#store = await openRealmStore(directory, REALM);
    for (const server of realm.servers) await realm.start(server.name);
    const { protection, volumes, tokenKey } = realm.#store;
    const links = realm.servers.map(({ name }, index) => ({
      name,
      address: addressOf(index),
      link: realm.#linkTo<FileProtocol>('realm', name, (server) => server),
    }));
    realm.#realmServer = new RealmServer({
      protection,
      volumes,
      tokenKey,
      servers: links,
      now: realm.clock.now,
    });
    if (!volumes.byName(ROOT_VOLUME))
      await realm.#realmServer.createVolume({ name: ROOT_VOLUME, owner: undefined, maxQuota: 0 });
    if (!protection.byName('operator')) {
      const none = { salt: new Uint8Array(16), hash: new Uint8Array(32), cost: 2, blockSize: 1 };
      await protection.addUser('operator', { password: { ...none, parallelization: 1 } }, true);
    }
    for (const name of clients) await realm.openClient(name);
    return realm;
  }

  private constructor(directory: string, names: readonly string[], patrol: number) {
    this.patrol = patrol;
    this.#directory = directory;
    this.servers = names.map((name) => new TestServer(name, join(directory, 'servers', name)));
  }

  client(name: string): ReplicatedClient {
    const found = this.clients.find((client) => client.name === name);
    if (!found) throw new Error(`no client ${name}`);
    return found;
  }

  server(name: string): FileServer {
    return this.#server(name).server;
  }

  async start(name: string): Promise<void> {
    const server = this.#server(name);
    mkdirSync(server.directory, { recursive: true });
    const { protection, tokenKey } = this.#opened;
    const peers = new Map(
      this.servers
        .filter((other) => other.name !== name)
        .map((other) => [
          other.name,
          this.#linkTo<PeerProtocol>(name, other.name, ({ forPeers }) => forPeers),
        ]),
    );
    const { now } = this.clock;
    const options = { directory: server.directory, protection, tokenKey, now, peers, patrol: this.patrol };
    server.running = await FileServer.open(options);
    for (const client of this.clients) this.#connectCallbacks(server, client);
    for (const other of this.servers) other.running?.peers.noteChange();
  }

  async stop(name: string): Promise<void> {
    const server = this.#server(name);
    const { running } = server;
    server.running = undefined;
    await running?.close();
  }

  /** A new volume on all servers, mounted in the realm's root under its name. @returns its id */
  async volume(name: string): Promise<number> {
    const { id } = await this.#realm.createVolume({ name, owner: undefined, maxQuota: 0 });
    const [client] = this.clients;
    if (!client) throw new Error('nobody can mount it');
    const target = `#${name}.`;
    const directory = rootOf(ROOT);
    await new Changes(client.session()).makeSymlink({ directory, name, target, mode: MOUNT_LINK_MODE });
    return id;
  }

  /** Throws away all that a server has that does not run. */
  empty(name: string): void {
    rmSync(this.#server(name).directory, { recursive: true });
  }

  /** Cuts all ways between the groups, which are named together; who is in no group reaches nobody. */
  async partition(...groups: readonly (readonly string[])[]): Promise<void> {
    this.network.setCut(this.#waysBetween(groups));
    await this.#noteWays();
  }

  /** As {@link partition}, but servers do not look what others have to tell until somebody asks them. */
  async separate(...groups: readonly (readonly string[])[]): Promise<void> {
    this.network.setCut(this.#waysBetween(groups));
    for (const client of this.clients) await client.probe();
  }

  async heal(): Promise<void> {
    this.network.setCut([]);
    await this.#noteWays();
  }

  async close(): Promise<void> {
    for (const { manager } of this.clients) await manager.close();
    for (const { name } of this.servers) await this.stop(name);
    await this.#store?.close();
  }

  async openClient(name: string): Promise<ReplicatedClient> {
    const manager = await CacheManager.open({
      name,
      directory: join(this.#directory, 'clients', name),
      realm: {
        name: REALM,
        realm: this.network.connect<RealmProtocol>(name, 'realm', this.#realm),
        servers: this.servers.map((server, index) => ({
          name: server.name,
          address: addressOf(index),
          link: this.#linkTo<FileProtocol>(name, server.name, (running) => running),
        })),
        isolate: () => undefined,
      },
      now: this.clock.now,
      capacity: 1024 ** 3,
    });
    const client = new ReplicatedClient(name, manager);
    this.clients.push(client);
    for (const server of this.servers) this.#connectCallbacks(server, client);
    const { protection, tokenKey } = this.#opened;
    const { id: viceId } = protection.user('operator');
    const begins = Math.floor(this.clock.now() / 1000);
    const ends = begins + 90_000;
    const clear = { authHandle: -1, handshakeKey: new Uint8Array(8), viceId, begins, ends };
    await manager.tokens.set(OPERATOR, REALM, { clear, secret: sealToken({ viceId, ends }, tokenKey) });
    return client;
  }

  /** Ends a client, and begins it again with what it has on the disk. */
  async reopenClient(name: string): Promise<ReplicatedClient> {
    const ended = this.client(name);
    await ended.manager.close();
    this.clients.splice(this.clients.indexOf(ended), 1);
    return this.openClient(name);
  }

  #waysBetween(groups: readonly (readonly string[])[]): readonly NodePair[] {
    const all = [...this.servers, ...this.clients].map(({ name }) => name);
    const together = (one: string, other: string) =>
      groups.some((group) => group.includes(one) && group.includes(other));
    return all.flatMap((one, at) =>
      all.slice(at + 1).flatMap((other) => (together(one, other) ? [] : [{ one, other }])),
    );
  }

  get #opened(): RealmStore {
    if (!this.#store) throw new Error('the realm is not open');
    return this.#store;
  }

  get #realm(): RealmServer {
    if (!this.#realmServer) throw new Error('the realm is not open');
    return this.#realmServer;
  }

  #server(name: string): TestServer {
    const found = this.servers.find((server) => server.name === name);
    if (!found) throw new Error(`no server ${name}`);
    return found;
  }

  #connectCallbacks({ name, running }: TestServer, client: ReplicatedClient): void {
    const link = this.network.connect<CallbackProtocol>(name, client.name, client.manager);
    running?.callbacks.connect(client.name, link);
  }

  /** A way to a service of whatever server runs under a name at the time. */
  #linkTo<P extends Protocol<P>>(
    from: string,
    to: string,
    service: (server: FileServer) => Service<P>,
  ): Remote<P> {
    return {
      call: async (name, request) => {
        const fate = await this.fateOf({ from, to, name: String(name) });
        const { running } = this.#server(to);
        if (!running || fate === 'lose request') throw noAnswer();
        const reply = await this.network.connect(from, to, service(running)).call(name, request);
        // A server that died meanwhile answers no more.
        if (fate === 'lose answer' || this.#server(to).running !== running) throw noAnswer();
        return reply;
      },
    };
  }

  async #noteWays(): Promise<void> {
    for (const client of this.clients) await client.probe();
    for (const { running } of this.servers) running?.peers.noteChange();
    for (const { running } of this.servers) await running?.callbacks.retry();
  }
}
