import { join } from 'node:path';
import { afterEach } from 'vitest';
import { errno } from '../../src/ipc/errno.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import { CacheManager } from '../../src/venus/client/cacheManager.ts';
import type { LogState } from '../../src/venus/client/log/modifyLog.ts';
import type { LogRecord } from '../../src/venus/client/log/record.ts';
import { SessionFiles } from '../../src/venus/client/sessionFiles.ts';
import { UserSession } from '../../src/venus/client/userSession.ts';
import type { CallbackProtocol } from '../../src/venus/net/callbackProtocol.ts';
import type { FileProtocol } from '../../src/venus/net/fileProtocol.ts';
import type { Link, Remote } from '../../src/venus/net/link.ts';
import type { RealmProtocol } from '../../src/venus/net/realmProtocol.ts';
import { OPERATOR, REALM, ROOT, SERVER, type TestRealm, chunks, textOf, until } from '../venus/support.ts';

type Watch = (name: keyof FileProtocol) => Promise<void> | void;

/** The way from a client to a server, on which a test can hold requests up and lose answers. */
export class WatchedLink implements Remote<FileProtocol> {
  readonly #link: Link<FileProtocol>;
  /** Called before a request passes; what it throws is the answer. */
  before: Watch = () => {};
  /** Whether a request is lost on its way; it can be sent later. */
  intercept: (name: keyof FileProtocol, send: () => Promise<void>) => boolean = () => false;
  /** Called when the server has done what was asked; what it throws is the answer. */
  after: Watch = () => {};

  constructor(link: Link<FileProtocol>) {
    this.#link = link;
  }

  async call<Name extends keyof FileProtocol>(
    name: Name,
    request: FileProtocol[Name]['request'],
  ): Promise<FileProtocol[Name]['reply']> {
    await this.before(name);
    const send = async () => {
      await this.#link.call(name, request);
    };
    if (this.intercept(name, send)) noAnswer();
    const reply = await this.#link.call(name, request);
    await this.after(name);
    return reply;
  }

  /** The server performs the next parts of the log that come, and nobody is told. */
  loseAnswers(count = 1): void {
    let left = count;
    this.after = (name) => {
      if (name === 'reintegrate' && left-- > 0) noAnswer();
    };
  }
}

export function noAnswer(): never {
  throw new VenusError(errno('ETIMEDOUT'));
}

/** What the cache of a client holds. */
interface Bounds {
  readonly capacity: number;
  readonly objects: number | undefined;
}

/** A client of a {@link TestRealm} beside its first one, which can be cut off and restarted. */
export class TestClient {
  readonly name: string;
  readonly link: WatchedLink;
  readonly #realm: TestRealm;
  readonly #bounds: Bounds;
  #manager: CacheManager;

  /** With the token of the operator for {@link OPERATOR}. */
  static async open(
    realm: TestRealm,
    name: string,
    capacity = 1024 ** 3,
    objects?: number,
  ): Promise<TestClient> {
    const link = new WatchedLink(realm.network.connect<FileProtocol>(name, SERVER.name, realm.server));
    const client = new TestClient(
      realm,
      name,
      link,
      { capacity, objects },
      await openManager(realm, name, link, { capacity, objects }),
    );
    await client.login('operator', OPERATOR);
    return client;
  }

  private constructor(
    realm: TestRealm,
    name: string,
    link: WatchedLink,
    bounds: Bounds,
    manager: CacheManager,
  ) {
    this.#realm = realm;
    this.name = name;
    this.link = link;
    this.#bounds = bounds;
    this.#manager = manager;
  }

  get manager(): CacheManager {
    return this.#manager;
  }

  /** Ends it and starts it again on what it left on its disk. @param between called while it does not run */
  async restart(between: () => void = () => undefined): Promise<void> {
    await this.#manager.close();
    between();
    this.#manager = await openManager(this.#realm, this.name, this.link, this.#bounds);
  }

  close(): Promise<void> {
    return this.#manager.close();
  }

  async login(name: string, uid: number, seconds = 90_000): Promise<void> {
    const { id: viceId } = this.#realm.store.protection.user(name);
    const { secret = new Uint8Array(0) } = this.#realm.tokenOf(viceId, seconds * 1000);
    const begins = Math.floor(this.#realm.clock.now() / 1000);
    const clear = { authHandle: -1, handshakeKey: new Uint8Array(8), viceId, begins, ends: begins + seconds };
    await this.#manager.tokens.set(uid, REALM, { clear, secret });
  }

  session(uid = OPERATOR): UserSession {
    return new UserSession(this.#manager, uid);
  }

  files(uid = OPERATOR): SessionFiles {
    return new SessionFiles(this.session(uid));
  }

  /** What it has itself, as repair shows it: objects in conflict are what they were. */
  localVersion(uid = OPERATOR): SessionFiles {
    return new SessionFiles(new UserSession(this.#manager, uid, undefined, true));
  }

  async write(path: string, contents: string | Uint8Array, uid = OPERATOR): Promise<void> {
    await this.files(uid).write(path, chunks(contents), { mode: 0o644, exclusive: false });
  }

  read(path: string, uid = OPERATOR): Promise<string> {
    return textOf(this.files(uid).read(path));
  }

  async names(path: string, uid = OPERATOR): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { name } of this.files(uid).readdir(path)) names.push(name);
    return names.sort();
  }

  /** No message passes between it and the server any more, and it knows. */
  async cut(): Promise<void> {
    this.#realm.network.cut(this.name, SERVER.name);
    await this.#probe();
  }

  async heal(): Promise<void> {
    this.#realm.network.heal(this.name, SERVER.name);
    await this.#probe();
  }

  /** Changes stay in its log until they are some seconds old. */
  async writeDisconnect(age = 3600, volume = ROOT): Promise<void> {
    await this.#manager.settings.set(volume, { age, timeLimit: 15_000 });
  }

  log(volume = ROOT): LogState {
    return this.#manager.tree.logs.state(volume);
  }

  records(volume = ROOT): readonly LogRecord[] {
    return [...this.#manager.tree.logs.records(volume)];
  }

  /** Resolves when all that it logged is on the servers. */
  async drained(volume = ROOT): Promise<void> {
    await until(async () => {
      await this.#manager.reintegrator.force(volume);
      return this.log(volume).entries === 0;
    });
  }

  async #probe(): Promise<void> {
    for (const server of this.#manager.realm.servers)
      await server.call('probe', null).catch((error: unknown) => {
        if (!(error instanceof VenusError)) throw error;
      });
  }
}

/** Further clients of a realm, closed after each test. */
export function useClients(realm: () => TestRealm) {
  const clients: TestClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });
  return async (name: string, capacity?: number): Promise<TestClient> => {
    const client = await TestClient.open(realm(), name, capacity);
    clients.push(client);
    return client;
  };
}

async function openManager(
  realm: TestRealm,
  name: string,
  link: WatchedLink,
  { capacity, objects }: Bounds,
): Promise<CacheManager> {
  const { network, server, realmServer } = realm;
  const manager = await CacheManager.open({
    name,
    directory: join(realm.directory, 'clients', name),
    realm: {
      name: REALM,
      realm: network.connect<RealmProtocol>(name, 'realm', realmServer),
      servers: [{ ...SERVER, link }],
      isolate: (isCut) => network[isCut ? 'cut' : 'heal'](name, SERVER.name),
    },
    now: realm.clock.now,
    capacity,
    ...(objects === undefined ? {} : { objects }),
  });
  server.callbacks.connect(name, network.connect<CallbackProtocol>(SERVER.name, name, manager));
  return manager;
}
