import { Changes } from '../../src/venus/client/changes.ts';
import type { CallbackProtocol } from '../../src/venus/net/callbackProtocol.ts';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { RefusedError, VenusError } from '../../src/ipc/errors.ts';
import type { Fid } from '../../src/ipc/fid.ts';
import type { StoreId } from '../../src/ipc/versionVector.ts';
import { CacheManager, ROOT_VOLUME } from '../../src/venus/client/cacheManager.ts';
import { SessionFiles } from '../../src/venus/client/sessionFiles.ts';
import { UserSession } from '../../src/venus/client/userSession.ts';
import type { Credentials, FileProtocol } from '../../src/venus/net/fileProtocol.ts';
import { Network } from '../../src/venus/net/network.ts';
import type { RealmProtocol } from '../../src/venus/net/realmProtocol.ts';
import { FileServer } from '../../src/venus/server/fileServer.ts';
import { sealToken } from '../../src/venus/server/protection/secretToken.ts';
import { RealmServer } from '../../src/venus/server/realmServer.ts';
import { type RealmStore, openRealmStore } from '../../src/venus/server/realmStore.ts';

export const REALM = 'test.realm';
export const SERVER = { name: 's1', address: '127.10.0.1' } as const;
/** The id of the first volume of a realm, its root. */
export const ROOT = 0x7f000000;
export const rootOf = (volume: number): Fid => ({ volume, vnode: 1, unique: 1 });
/** The local uid of the administrator that {@link TestRealm.open} logs in. */
export const OPERATOR = 1000;
const HOUR = 3_600_000;
export const CLIENT = 'venus';

/** The time of a realm: it stands still until a test moves it. */
export class Clock {
  #time = Date.UTC(2026, 10, 21, 12);

  readonly now = (): number => this.#time;

  advance(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

/** A realm with one server and one client, put together as the daemon does it, without its socket. */
export class TestRealm {
  readonly directory: string;
  readonly clock: Clock;
  readonly network: Network;
  readonly store: RealmStore;
  readonly realmServer: RealmServer;
  readonly server: FileServer;
  readonly client: CacheManager;
  #storeIds = 0;

  /** With an administrator, `operator`, whose token the local uid {@link OPERATOR} has. */
  static async open(directory: string, clock = new Clock(), keepsAuth2Keys = false): Promise<TestRealm> {
    const network = new Network();
    const store = await openRealmStore(directory, REALM);
    const serverDirectory = serverDirectoryOf(directory);
    mkdirSync(serverDirectory, { recursive: true });
    const { protection, tokenKey, volumes } = store;
    const now = clock.now;
    const server = await FileServer.open({ directory: serverDirectory, protection, tokenKey, now });
    const connect = (from: string) => network.connect<FileProtocol>(from, SERVER.name, server);
    const servers = [{ ...SERVER, link: connect('realm') }];
    const realmServer = new RealmServer({ protection, volumes, tokenKey, servers, now, keepsAuth2Keys });
    if (!volumes.byName(ROOT_VOLUME)) {
      await realmServer.createVolume({ name: ROOT_VOLUME, owner: undefined, maxQuota: 0 });
    }
    const client = await CacheManager.open({
      name: CLIENT,
      directory: join(directory, 'clients', CLIENT),
      realm: {
        name: REALM,
        realm: network.connect<RealmProtocol>(CLIENT, 'realm', realmServer),
        servers: [{ ...SERVER, link: connect(CLIENT) }],
        isolate: (isCut) => network[isCut ? 'cut' : 'heal'](CLIENT, SERVER.name),
      },
      now,
      capacity: 1024 ** 3,
    });
    server.callbacks.connect(CLIENT, network.connect<CallbackProtocol>(SERVER.name, CLIENT, client));
    const realm = new TestRealm(directory, clock, network, store, realmServer, server, client);
    if (!protection.byName('operator')) await realm.addUser('operator', true);
    await realm.login('operator', OPERATOR);
    return realm;
  }

  private constructor(
    directory: string,
    clock: Clock,
    network: Network,
    store: RealmStore,
    realmServer: RealmServer,
    server: FileServer,
    client: CacheManager,
  ) {
    this.directory = directory;
    this.clock = clock;
    this.network = network;
    this.store = store;
    this.realmServer = realmServer;
    this.server = server;
    this.client = client;
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.server.close();
    await this.store.close();
  }

  /** Makes a user without a password, which would take time. @returns his id */
  async addUser(name: string, administrator = false): Promise<number> {
    const none = { salt: new Uint8Array(16), hash: new Uint8Array(32), cost: 2, blockSize: 1 };
    const user = await this.store.protection.addUser(
      name,
      { password: { ...none, parallelization: 1 } },
      administrator,
    );
    return user.id;
  }

  /** Gives a local uid the token of a user. */
  async login(name: string, uid: number): Promise<void> {
    const { id: viceId } = this.store.protection.user(name);
    const { secret = new Uint8Array(0) } = this.tokenOf(viceId);
    const seconds = Math.floor(this.clock.now() / 1000);
    const clear = { authHandle: -1, handshakeKey: new Uint8Array(8), viceId };
    await this.client.tokens.set(uid, REALM, {
      clear: { ...clear, begins: seconds, ends: seconds + 90_000 },
      secret,
    });
  }

  /** A token of 25 hours, or of another life. */
  tokenOf(viceId: number, milliseconds = 25 * HOUR): Credentials {
    const ends = Math.floor((this.clock.now() + milliseconds) / 1000);
    return { secret: sealToken({ viceId, ends }, this.store.tokenKey) };
  }

  session(uid = OPERATOR): UserSession {
    return new UserSession(this.client, uid);
  }

  files(uid = OPERATOR): SessionFiles {
    return new SessionFiles(this.session(uid));
  }

  /** Writes a file as somebody, the operator if it is not said. */
  async write(path: string, contents: string | Uint8Array, uid = OPERATOR): Promise<void> {
    await this.files(uid).write(path, chunks(contents), { mode: 0o644, exclusive: false });
  }

  read(path: string, uid = OPERATOR): Promise<string> {
    return textOf(this.files(uid).read(path));
  }

  /** Makes a volume and a mount point for it in the realm's root. @returns its id */
  async mountVolume(name: string, maxQuota = 0): Promise<number> {
    const { id } = await this.realmServer.createVolume({ name, owner: undefined, maxQuota });
    const target = `#${name}.`;
    await new Changes(this.session()).makeSymlink({ directory: rootOf(ROOT), name, target, mode: 0o644 });
    return id;
  }

  /** A name for an update that goes to the server directly, as if a client of its own made it. */
  storeId(): StoreId {
    return { host: ++this.#storeIds, unique: 1 };
  }
}

export function serverDirectoryOf(directory: string): string {
  return join(directory, 'servers', SERVER.name);
}

/** A realm of its own for each test of the file. */
export function useRealm(): () => TestRealm {
  let [directory, realm]: [string, TestRealm | undefined] = ['', undefined];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coda-venus-'));
    realm = await TestRealm.open(directory);
  });
  afterEach(async () => {
    await realm?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return () => realm ?? raise('there is a realm only inside a test');
}

/** Contents in one piece. */
export async function* chunks(contents: string | Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield typeof contents === 'string' ? Buffer.from(contents) : contents;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function bytesOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await collect(parts)));
}

export async function textOf(parts: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.from(await bytesOf(parts)).toString();
}

/** How something ends: `done`, or the name of the errno or the code it is refused with. Other errors are thrown on. */
export async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof VenusError) return error.errnoName;
    if (error instanceof RefusedError) return error.code;
    throw error;
  }
}

/** Waits until something holds; fails when it does not for too long. */
export async function until(holds: () => boolean | Promise<boolean>, milliseconds = 5000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) raise('what was waited for did not come');
    await sleep(5);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function raise(message: string): never {
  throw new Error(message);
}
