import { errno } from '../../../ipc/errno.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { ComparedVolume } from '../../../ipc/verify.ts';
import { noAnswer } from '../../net/failure.ts';
import type { Credentials, FileProtocol } from '../../net/fileProtocol.ts';
import type { UserSession } from '../userSession.ts';
import type { WatchedServer } from '../reachability.ts';
import { isAway } from '../vsg/poll.ts';
import { type Contents, type NamedSide, STRETCH, type Side } from './differences.ts';

type Name = keyof FileProtocol;

/** Objects in a message. */
export const OBJECTS = 100;
/** Files of a message whose contents are looked at at a time. */
const FILES = 4;
/** Entries that are read to look at one name again. */
const FEW = 8;

/** The servers of a volume, each of which is asked for what it has by itself. */
export class VolumeServers {
  readonly volume: number;
  readonly name: string;
  readonly #servers: readonly WatchedServer[];
  readonly #credentials: Credentials;
  readonly #away: Set<string>;

  /** @throws VenusError EVOLUME */
  static async of(session: UserSession, volume: number): Promise<VolumeServers> {
    const { client } = session;
    const { name, replicas } = await client.locate(volume);
    const servers = replicas.flatMap(
      ({ server }) => client.realm.servers.find((each) => each.name === server) ?? [],
    );
    const known = servers.map((server) => server.name);
    const unknown = replicas.map(({ server }) => server).filter((server) => !known.includes(server));
    const found = new VolumeServers({ volume, name }, servers, session.credentials(), unknown);
    await found.askAll('describeVolume', { volume });
    return found;
  }

  private constructor(
    { volume, name }: { readonly volume: number; readonly name: string },
    servers: readonly WatchedServer[],
    credentials: Credentials,
    away: readonly string[],
  ) {
    this.volume = volume;
    this.name = name;
    this.#servers = servers;
    this.#credentials = credentials;
    this.#away = new Set(away);
  }

  /** Names of those that have answered whatever they were asked so far. */
  get reached(): readonly string[] {
    return this.#reached.map(({ name }) => name);
  }

  get compared(): ComparedVolume {
    return { name: this.name, compared: [...this.reached], unreached: [...this.#away] };
  }

  /** What each server has of some objects: for each object, a side of each server that can be reached. */
  async sidesOf(fids: readonly Fid[]): Promise<readonly (readonly Side[])[]> {
    const all: (readonly Side[])[] = [...(await this.statusesOf(fids))];
    const waiting = [...all.entries()];
    const workers = Array.from({ length: FILES }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const [at, sides] = next;
        all[at] = await this.#withContents(sides);
      }
    });
    await Promise.all(workers);
    return all;
  }

  /** As {@link VolumeServers.sidesOf}, without contents of files. */
  async statusesOf(fids: readonly Fid[]): Promise<readonly (readonly Side[])[]> {
    const request = { credentials: this.#credentials, volume: this.volume, fids };
    const answers = await this.askAll('examine', request);
    return fids.map((_, at) => answers.flatMap(({ server, reply }) => sideOf(server, reply[at])));
  }

  /** Objects that a name stands for at some server, whichever answer. */
  async objectsBy(directory: Fid, name: string): Promise<readonly Status[]> {
    const request = { credentials: this.#credentials, directory, name };
    const found = await this.#ask((server) => server.call('lookup', request));
    const failures = found.flatMap(({ reply }) => (reply instanceof VenusError ? [reply] : []));
    const statuses = found.flatMap(({ reply }) => (reply instanceof VenusError ? [] : [reply]));
    const [failure = noAnswer()] = failures;
    if (statuses.length === 0) throw failure;
    return statuses;
  }

  /** What a name stands for at each server, but those that refuse to tell. @param previous a name shortly before it */
  async entriesBy(directory: Fid, previous: string | undefined, name: string): Promise<readonly NamedSide[]> {
    const found = await this.#ask((server) => this.page(server.name, directory, previous, FEW));
    return found.flatMap(({ server, reply }): readonly NamedSide[] => {
      if (!(reply instanceof VenusError))
        return [{ server, entry: reply.find((entry) => entry.name === name) }];
      return reply.is('ENOENT') ? [{ server, entry: undefined }] : [];
    });
  }

  /** A part of a directory at one server. @throws VenusError what it refuses; ETIMEDOUT and ENXIO where it is away */
  async page(name: string, directory: Fid, after: string | undefined, limit: number) {
    const server = this.#server(name);
    try {
      return await server.call('readDirectory', {
        credentials: this.#credentials,
        directory,
        after,
        limit,
      });
    } catch (error) {
      this.#isAway(server, error);
      throw error;
    }
  }

  /** Throws away what one server has of an object: it is to get it anew. @throws VenusError EACCES and others */
  async setBack(name: string, fid: Fid, { versionVector }: Pick<Status, 'versionVector'>): Promise<void> {
    const versions = versionVector.versions.map(() => 0);
    await this.#server(name).call('setVersion', {
      credentials: this.#credentials,
      fid,
      versionVector: { ...versionVector, versions },
    });
  }

  /** Answers of those that can be reached. @throws VenusError what one refuses as a whole */
  async askAll<N extends Name>(
    name: N,
    request: FileProtocol[N]['request'],
  ): Promise<readonly { readonly server: string; readonly reply: FileProtocol[N]['reply'] }[]> {
    const answers = await this.#ask((server) => server.call(name, request));
    return answers.map(({ server, reply }) => {
      if (reply instanceof VenusError) throw reply;
      return { server, reply };
    });
  }

  /** Answers and refusals of those that can be reached. */
  async #ask<Reply>(
    question: (server: WatchedServer) => Promise<Reply>,
  ): Promise<readonly { readonly server: string; readonly reply: Reply | VenusError }[]> {
    const answers = await Promise.all(
      this.#reached.map(async (server) => {
        try {
          return [{ server: server.name, reply: await question(server) }];
        } catch (error) {
          if (this.#isAway(server, error)) return [];
          if (error instanceof VenusError) return [{ server: server.name, reply: error }];
          throw error;
        }
      }),
    );
    return answers.flat();
  }

  async #withContents(sides: readonly Side[]): Promise<readonly Side[]> {
    const filled = await Promise.all(
      sides.map(async (side): Promise<readonly Side[]> => {
        if (side.kind !== 'object' || side.status.type !== 'file') return [side];
        const server = this.#server(side.server);
        try {
          return [{ ...side, contents: await this.#contentsOf(server, side.status) }];
        } catch (error) {
          if (this.#isAway(server, error)) return [];
          if (!(error instanceof VenusError)) throw error;
          // It has gone since.
          if (error.is('ENOENT')) return [{ kind: 'gone', server: side.server }];
          return [{ kind: 'refused', server: side.server, errno: error.errno }];
        }
      }),
    );
    return filled.flat();
  }

  async #contentsOf(server: WatchedServer, { fid, length }: Status): Promise<Contents> {
    if (length === 0) return { kind: 'read', digests: [], allocated: 0 };
    const digests: string[] = [];
    let allocated = 0;
    try {
      for (let offset = 0; offset < length; offset += STRETCH) {
        const stretch = { offset, length: STRETCH };
        const part = await server.call('digest', { credentials: this.#credentials, fid, ...stretch });
        digests.push(part.sha256);
        allocated = part.allocated;
      }
      return { kind: 'read', digests, allocated };
    } catch (error) {
      if (error instanceof VenusError && error.is('EIO')) return { kind: 'lost', errno: error.errno };
      throw error;
    }
  }

  get #reached(): readonly WatchedServer[] {
    return this.#servers.filter(({ name }) => !this.#away.has(name));
  }

  #server(name: string): WatchedServer {
    const found = this.#servers.find((server) => server.name === name);
    if (!found) throw new Error(`no server ${name}`);
    return found;
  }

  #isAway({ name }: WatchedServer, error: unknown): boolean {
    if (!isAway(error)) return false;
    this.#away.add(name);
    return true;
  }
}

type Status = FileProtocol['getStatus']['reply'];
type Examined = FileProtocol['examine']['reply'][number];

function sideOf(server: string, examined: Examined | undefined): readonly Side[] {
  if (!examined) return [];
  if (examined.kind === 'object') return [{ ...examined, server, contents: undefined }];
  const { errno: number } = examined;
  return [number === errno('ENOENT') ? { kind: 'gone', server } : { kind: 'refused', server, errno: number }];
}
