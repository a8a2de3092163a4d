import { type Fid, formatFid } from '../../../ipc/fid.ts';
import type { ComparedSums, Difference, Uncompared } from '../../../ipc/verify.ts';
import { fail } from '../../fail.ts';
import type { UserSession } from '../userSession.ts';
import {
  type Finding,
  type NamedSide,
  type Side,
  differencesOf,
  lostObject,
  nameDifferences,
  presentIn,
} from './differences.ts';
import { DirectoryDigests } from './directoryDigests.ts';
import { type NameRow, mergedNames } from './mergedNames.ts';
import { findStart, mountedAt, rootOf } from './start.ts';
import { type JudgedSide, judgedObject } from './verdict.ts';
import { OBJECTS, VolumeServers } from './volumeServers.ts';
import { Workers } from './workers.ts';

/** Milliseconds for an update that is under way to come to all servers, before they are said to differ. */
const SETTLE = 60;

/** Told what a comparison finds, as it finds it. */
export interface ComparisonListener {
  readonly difference?: (difference: Difference) => Promise<void>;
  readonly uncompared?: (uncompared: Uncompared) => Promise<void>;
  /** An object in which something differs, apart from what is in the directories in it. */
  readonly differs?: (object: DifferentObject) => Promise<void>;
  /** Before anything of a volume is compared. */
  readonly volume?: (volume: number) => Promise<void>;
}

export interface DifferentObject {
  readonly path: string;
  readonly fid: Fid;
  readonly servers: VolumeServers;
  readonly sides: readonly JudgedSide[];
}

export interface ComparisonOptions {
  /** Whether what is mounted in the subtree belongs to it. */
  readonly cross: boolean;
  readonly listener: ComparisonListener;
}

/** An object to be looked at: where it is, and the servers at which that name stands for it. */
interface Named {
  readonly fid: Fid;
  readonly path: string;
  readonly by: readonly string[];
}

interface Directory {
  readonly fid: Fid;
  readonly path: string;
  readonly servers: VolumeServers;
  readonly sides: readonly Side[];
  /** Whether something about the directory itself differs. */
  readonly differs: boolean;
}

interface PrecededRow extends NameRow {
  readonly previous: string | undefined;
}

/** Compares all replicas of what is in a subtree. It changes nothing. */
export class Comparison {
  readonly #session: UserSession;
  readonly #options: ComparisonOptions;
  readonly #volumes = new Map<number, VolumeServers>();
  readonly #directories = new Workers<Directory>((directory) => this.#directory(directory));
  readonly #sums = { objects: 0, bytes: 0, differences: 0, conflicts: 0, uncompared: 0, mounts: 0 };

  constructor(session: UserSession, options: ComparisonOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** How far it has come. */
  get sums(): ComparedSums {
    return { ...this.#sums, volumes: [...this.#volumes.values()].map(({ compared }) => compared) };
  }

  /** The volumes that were compared. */
  get volumes(): readonly number[] {
    return [...this.#volumes.keys()];
  }

  /** @throws VenusError EINVAL for the Coda root, ENOENT, EACCES, ETIMEDOUT; EINTR when who asked has gone */
  async run(path: string): Promise<void> {
    const start = await findStart(this.#session, path);
    const servers = await this.#serversOf(start.fid.volume);
    await this.#objects(servers, [{ fid: start.fid, path: start.path, by: servers.reached }]);
    await this.#directories.run();
  }

  async #serversOf(volume: number): Promise<VolumeServers> {
    const known = this.#volumes.get(volume);
    if (known) return known;
    await this.#options.listener.volume?.(volume);
    const servers = await VolumeServers.of(this.#session, volume);
    this.#volumes.set(volume, servers);
    return servers;
  }

  async #directory(directory: Directory): Promise<void> {
    const { fid, path, servers, sides } = directory;
    const names = presentIn(sides).map(({ server }) => server);
    const digests = new DirectoryDigests(names);
    const refused: { server: string; errno: number }[] = [];
    let previous: string | undefined;
    let rows: PrecededRow[] = [];
    for await (const row of mergedNames(servers, fid, names, (each) => refused.push(each))) {
      rows.push({ ...row, previous });
      previous = row.name;
      if (rows.length < OBJECTS) continue;
      await this.#rows(directory, rows, digests);
      rows = [];
    }
    await this.#rows(directory, rows, digests);
    for (const { server, errno } of refused) await this.#noteUncompared(path, errno, [server]);
    if (!directory.differs && !digests.differ) return;
    const judged = presentIn(sides).filter(({ server }) => !refused.some((each) => each.server === server));
    await this.#differs({ path, fid, servers, sides: judged.map((side) => digests.judged(side)) });
  }

  async #rows(directory: Directory, found: readonly PrecededRow[], digests: DirectoryDigests): Promise<void> {
    await this.#takeTurn();
    const { path, servers } = directory;
    const rows = await this.#settledRows(directory, found);
    const objects: Named[] = [];
    for (const { name, sides } of rows) {
      digests.add(name, sides);
      const at = `${path}/${name}`;
      for (const { fid, ...finding } of nameDifferences(sides)) await this.#report(at, fid, [finding]);
      for (const named of objectsIn(sides)) objects.push({ ...named, path: at });
    }
    for (const { fid, by, path: at } of await this.#objects(servers, objects, directory.fid))
      digests.noteLost(at.slice(path.length + 1), fid, by);
  }

  /** Looks again at names that differ: an update may have been on its way. */
  async #settledRows(
    { fid, servers }: Directory,
    rows: readonly PrecededRow[],
  ): Promise<readonly PrecededRow[]> {
    if (!rows.some(({ sides }) => nameDifferences(sides).length > 0)) return rows;
    await settle();
    return Promise.all(
      rows.map(async (row) => {
        if (nameDifferences(row.sides).length === 0) return row;
        return { ...row, sides: await servers.entriesBy(fid, row.previous, row.name) };
      }),
    );
  }

  /** @returns objects that are not where a name of them is, with the servers of which that is true */
  async #objects(
    servers: VolumeServers,
    objects: readonly Named[],
    directory?: Fid,
  ): Promise<readonly Named[]> {
    if (objects.length === 0) return [];
    const lost: Named[] = [];
    for (const [at, sides] of (await this.#settledSides(servers, objects)).entries()) {
      const object = objects[at];
      if (!object) continue;
      const gone = lostObject(sides, object.by);
      for (const { lacking } of gone) lost.push({ ...object, by: lacking });
      await this.#object(servers, object, sides, directory);
    }
    return lost;
  }

  async #settledSides(
    servers: VolumeServers,
    objects: readonly Named[],
  ): Promise<readonly (readonly Side[])[]> {
    const found = [...(await servers.sidesOf(objects.map(({ fid }) => fid)))];
    const doubtful = objects.flatMap(({ by }, at) =>
      findingsIn(found[at] ?? [], by).length > 0 ? [at] : [],
    );
    if (doubtful.length === 0) return found;
    await settle();
    const again = await servers.sidesOf(doubtful.flatMap((at) => objects[at]?.fid ?? []));
    for (const [place, at] of doubtful.entries()) found[at] = again[place] ?? [];
    return found;
  }

  async #object(
    servers: VolumeServers,
    { fid, path, by }: Named,
    sides: readonly Side[],
    directory: Fid | undefined,
  ): Promise<void> {
    const findings = findingsIn(sides, by);
    const [first] = presentIn(sides);
    this.#sums.objects += 1;
    await this.#report(path, fid, findings);
    await this.#noteRefusals(path, sides);
    if (!first) return;
    const { status } = first;
    if (status.type === 'directory') {
      // Where it was renamed at some servers only, it is looked into once.
      const { parent } = status;
      const isHere =
        directory === undefined || (parent?.vnode === directory.vnode && by.includes(first.server));
      const task = { fid, path, servers, sides, differs: findings.length > 0 };
      if (isHere) await this.#directories.add(task);
      return;
    }
    if (presentIn(sides).some(({ contents }) => contents)) this.#sums.bytes += status.length;
    if (findings.length > 0)
      await this.#differs({ path, fid, servers, sides: presentIn(sides).map(judgedObject) });
    await this.#mount(path, status);
  }

  async #mount(path: string, status: Parameters<typeof mountedAt>[1]): Promise<void> {
    const volume = await mountedAt(this.#session, status, path);
    if (volume === undefined || this.#volumes.has(volume)) return;
    if (!this.#options.cross) {
      this.#sums.mounts += 1;
      return;
    }
    const servers = await this.#serversOf(volume);
    await this.#objects(servers, [{ fid: rootOf(volume), path, by: servers.reached }]);
  }

  async #differs(object: DifferentObject): Promise<void> {
    await this.#options.listener.differs?.(object);
  }

  async #report(path: string, fid: Fid, findings: readonly Finding[]): Promise<void> {
    for (const finding of findings) {
      this.#sums.differences += 1;
      if (finding.kind === 'conflict') this.#sums.conflicts += 1;
      await this.#options.listener.difference?.({ path, fid: formatFid(fid), ...finding });
    }
  }

  async #noteRefusals(path: string, sides: readonly Side[]): Promise<void> {
    const refusals = sides.filter((side) => side.kind === 'refused');
    const [first] = refusals;
    if (first)
      await this.#noteUncompared(
        path,
        first.errno,
        refusals.map(({ server }) => server),
      );
  }

  async #noteUncompared(path: string, errno: number, servers: readonly string[]): Promise<void> {
    this.#sums.uncompared += 1;
    await this.#options.listener.uncompared?.({ path, errno, servers: [...servers] });
  }

  /** Servers in the same process answer at once: others of this venus have to get their turn. */
  async #takeTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#session.patience.gone?.aborted) fail('EINTR', 'Nobody waits for the comparison any more.');
  }
}

function findingsIn(sides: readonly Side[], by: readonly string[]): readonly Finding[] {
  return [...lostObject(sides, by), ...differencesOf(sides)];
}

/** The objects that a name stands for, each once. */
function objectsIn(sides: readonly NamedSide[]): readonly Pick<Named, 'fid' | 'by'>[] {
  const found = new Map<string, { readonly fid: Fid; readonly by: string[] }>();
  for (const { server, entry } of sides) {
    if (!entry) continue;
    const known = found.get(formatFid(entry.fid));
    if (known) known.by.push(server);
    else found.set(formatFid(entry.fid), { fid: entry.fid, by: [server] });
  }
  return [...found.values()];
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE));
}
