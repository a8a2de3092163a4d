import { RefusedError, isErrno } from '../../ipc/errors.ts';
import type { FileProtocol, NewVolume } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type {
  GroupDescription,
  IssuedToken,
  RealmProtocol,
  ServerDescription,
  UserDescription,
  VolumeLocation,
} from '../net/realmProtocol.ts';
import { auth2KeyOf } from './protection/auth2Key.ts';
import { type StoredPassword, storePassword, verifyPassword } from './protection/password.ts';
import { ADMINISTRATORS } from '../tree/identity.ts';
import type { Principal, ProtectionDatabase, Secrets, UserRecord } from './protection/protectionDatabase.ts';
import { sealToken } from './protection/secretToken.ts';
import type { VolumeLocations } from './volumeLocations.ts';

type Request<Name extends keyof RealmProtocol> = RealmProtocol[Name]['request'];

export interface FileServerNode extends ServerDescription {
  readonly link: Remote<FileProtocol>;
}

export interface RealmServerOptions {
  readonly protection: ProtectionDatabase;
  readonly volumes: VolumeLocations;
  readonly tokenKey: Uint8Array;
  readonly servers: readonly FileServerNode[];
  readonly now: () => number;
  /** Whether passwords are to be known to auth2, too: it needs more of them than a hash. */
  readonly keepsAuth2Keys?: boolean;
}

/** Seconds a token lives (25 hours), and how long before its issue it begins (spec/auth.md, 7.1). */
const TOKEN_LIFE = 90_000;
const CLOCK_SKEW = 900;

/** The server that knows the realm: its passwords, users and groups, and where its volumes are. */
export class RealmServer implements Service<RealmProtocol> {
  readonly #options: RealmServerOptions;

  constructor(options: RealmServerOptions) {
    this.#options = options;
  }

  readonly login = async ({
    user,
    password,
    lifetime = TOKEN_LIFE,
  }: Request<'login'>): Promise<IssuedToken> => {
    const { id } = await this.#authenticate(user, password);
    return this.issueToken(id, lifetime);
  };

  /** A token for somebody who has proved who he is. @param lifetime seconds, at most the realm's own */
  issueToken(id: number, lifetime = TOKEN_LIFE): IssuedToken {
    const now = Math.floor(this.#options.now() / 1000);
    const ends = now + Math.min(lifetime, TOKEN_LIFE);
    return {
      secret: sealToken({ viceId: id, ends }, this.#options.tokenKey),
      viceId: id,
      begins: now - CLOCK_SKEW,
      ends,
    };
  }

  readonly changePassword = async ({ user, oldPassword, newPassword }: Request<'changePassword'>) => {
    await this.#authenticate(user, oldPassword);
    await this.#setPassword(user, newPassword);
    return null;
  };

  readonly nameOfUser = async ({ viceId }: Request<'nameOfUser'>) =>
    Promise.resolve({ name: this.#options.protection.byId(viceId)?.name });

  readonly listUsers = async (): Promise<readonly UserDescription[]> => {
    const { protection } = this.#options;
    const users = [...protection.all()].filter(({ kind }) => kind === 'user');
    const describe = ({ id, name }: Principal) => ({
      id,
      name,
      groups: protection.groupsOf(id).map((group) => group.name),
    });
    return Promise.resolve(users.map(describe));
  };

  readonly addUser = async ({ name, password, administrator }: Request<'addUser'>) => {
    checkPassword(password);
    await this.#options.protection.addUser(name, await this.#secretsOf(password), administrator);
    await this.#rightsChanged();
    return null;
  };

  readonly resetPassword = async ({ name, password }: Request<'resetPassword'>) => {
    this.#options.protection.user(name);
    await this.#setPassword(name, password);
    return null;
  };

  readonly removeUser = async ({ name }: Request<'removeUser'>) => {
    await this.#options.protection.removeUser(name);
    await this.#rightsChanged();
    return null;
  };

  readonly listGroups = async (): Promise<readonly GroupDescription[]> => {
    const { protection } = this.#options;
    const groups = [...protection.all()].filter((principal) => principal.kind === 'group');
    return Promise.resolve(
      groups.map(({ id, name, members }) => ({
        id,
        name,
        members: members.map((member) => protection.nameOf(member)),
      })),
    );
  };

  readonly addGroup = async ({ name, members }: Request<'addGroup'>) => {
    await this.#options.protection.addGroup(name, members);
    await this.#rightsChanged();
    return null;
  };

  readonly removeGroup = async ({ name, members }: Request<'removeGroup'>) => {
    await this.#options.protection.removeGroup(name, members);
    await this.#rightsChanged();
    return null;
  };

  readonly listServers = async (): Promise<readonly ServerDescription[]> =>
    Promise.resolve(this.#options.servers.map(({ name, address }) => ({ name, address })));

  readonly listVolumes = async (): Promise<readonly VolumeLocation[]> =>
    Promise.resolve(this.#options.volumes.list());

  readonly locateVolume = async (request: Request<'locateVolume'>) => {
    const { volumes } = this.#options;
    return Promise.resolve({
      location: 'id' in request ? volumes.byId(request.id) : volumes.byName(request.name),
    });
  };

  /**
   * First on its servers, then in the list: a volume that is in the list can be used.
   * @throws RefusedError unreachable, with the name of a server that does not answer: then it is on none of them
   */
  readonly createVolume = async (request: Request<'createVolume'>): Promise<VolumeLocation> => {
    const { protection, volumes, now } = this.#options;
    const { name, owner, maxQuota } = request;
    volumes.checkName(name);
    const ownerId = owner === undefined ? ADMINISTRATORS.id : protection.user(owner).id;
    const servers = this.#members(request.servers);
    const id = await volumes.reserve();
    const members = servers.map(({ name: server, place }) => ({ server, replica: replicaId(place, id) }));
    await makeOnAll(servers, { volume: id, members, time: now(), name, owner: ownerId, maxQuota });
    const replicas = servers.map(({ name: server, address, place }) => ({
      server,
      address,
      volume: replicaId(place, id),
    }));
    const location = { id, name, replicas };
    try {
      await volumes.publish(location);
    } catch (error) {
      await dropFrom(servers, id);
      throw error;
    }
    return location;
  };

  readonly reserveVolume = async ({ name, wanted }: Request<'reserveVolume'>): Promise<VolumeLocation> => {
    const { volumes } = this.#options;
    volumes.checkName(name);
    const id = await volumes.reserve(wanted);
    return { id, name, replicas: this.#replicasOf(id) };
  };

  /** Servers forget a restored volume that is not in the list when they start, so it goes into the list first. */
  readonly publishVolume = async (location: VolumeLocation) => {
    const { volumes, servers } = this.#options;
    await volumes.publish(location);
    try {
      const [first] = location.replicas;
      const server = servers.find(({ name }) => name === first?.server);
      await server?.link.call('settleRestore', { volume: location.id });
    } catch (error) {
      await volumes.withdraw(location.id);
      throw error;
    }
    return null;
  };

  #replicasOf(id: number): VolumeLocation['replicas'] {
    return this.#options.servers.map(({ name: server, address }, place) => ({
      server,
      address,
      volume: replicaId(place, id),
    }));
  }

  /** @throws RefusedError unknown-name, bad-request */
  #members(names: readonly string[] | undefined): readonly Member[] {
    const all = this.#options.servers.map((server, place) => ({ ...server, place }));
    if (names === undefined) return all;
    if (names.length === 0 || new Set(names).size < names.length)
      throw new RefusedError('bad-request', 'a volume needs servers that differ');
    return names.map((name) => {
      const found = all.find((server) => server.name === name);
      if (found) return found;
      throw new RefusedError('unknown-name', `there is no server ${name}`, {
        next: `Those that there are: ${all.map((server) => server.name).join(', ')}`,
      });
    });
  }

  async #authenticate(name: string, password: string): Promise<UserRecord> {
    const user = this.#options.protection.user(name);
    if (user.password && (await verifyPassword(password, user.password))) {
      await this.#tellAuth2(user, user.password, password);
      return user;
    }
    throw new RefusedError('wrong-password', `wrong password for ${name}`);
  }

  /** A server that cannot be reached asks the realm again when somebody comes to it. */
  async #rightsChanged(): Promise<void> {
    await Promise.allSettled(this.#options.servers.map(({ link }) => link.call('rightsChanged', null)));
  }

  async #setPassword(name: string, password: string): Promise<void> {
    checkPassword(password);
    await this.#options.protection.setPassword(name, await this.#secretsOf(password));
  }

  async #secretsOf(password: string): Promise<Secrets> {
    const auth2Key = this.#options.keepsAuth2Keys ? auth2KeyOf(password) : undefined;
    return { password: await storePassword(password), auth2Key };
  }

  /** A password that was set while auth2 was off becomes known to it with the first login here. */
  async #tellAuth2({ id, name }: UserRecord, stored: StoredPassword, password: string): Promise<void> {
    const { protection, keepsAuth2Keys } = this.#options;
    if (!keepsAuth2Keys || protection.auth2KeyOf(id)) return;
    await protection.rememberAuth2Key(name, stored, auth2KeyOf(password));
  }
}

function checkPassword(password: string): void {
  if (password === '') throw new RefusedError('bad-request', 'the password is empty');
}

interface Member extends FileServerNode {
  /** Its place among the servers of the realm. */
  readonly place: number;
}

/** Makes a volume on all of its servers or on none. @throws RefusedError unreachable */
async function makeOnAll(servers: readonly Member[], volume: Omit<NewVolume, 'site' | 'replica'>) {
  await Promise.all(servers.map((server) => reach(server, server.link.call('probe', null))));
  const tried: Member[] = [];
  try {
    for (const [site, server] of servers.entries()) {
      tried.push(server);
      const replica = replicaId(server.place, volume.volume);
      await reach(server, server.link.call('createVolume', { ...volume, site, replica }));
    }
  } catch (error) {
    await dropFrom(tried, volume.volume);
    throw error;
  }
}

/** A server that cannot be told keeps a volume that no list names: nobody comes to it, and its number is not given again. */
async function dropFrom(servers: readonly Member[], volume: number): Promise<void> {
  await Promise.allSettled(servers.map(({ link }) => link.call('dropVolume', { volume })));
}

async function reach({ name }: Member, call: Promise<null>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) throw error;
    throw new RefusedError('unreachable', `server ${name} cannot be reached`, {
      why: 'A volume is made on all of its servers or on none.',
      next: 'coda realm server list shows which are up; --servers names others for the volume.',
    });
  }
}

/** Replica ids name their server in the first byte: 0x01000001 is the second volume of the first server. */
function replicaId(server: number, volume: number): number {
  return ((server + 1) * 0x1000000 + (volume & 0xffffff)) >>> 0;
}
