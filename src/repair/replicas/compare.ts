/** Finds in what the replicas of a directory differ (spec/repair.md, 9). Decides nothing, and asks nobody. */
import type { AccessList } from '../../acl/accessList.ts';
import type { VersionVector } from '../../ipc/versionVector.ts';
import { RepairError } from '../backend.ts';
import type { Difference, DirectoryHolder, Holder, Missing, PlacedHolder } from './differences.ts';
import { EntryTable, type Row } from './entryTable.ts';
import { type DirectoryId } from '../../ipc/fixFile/fixFile.ts';
import {
  type Location,
  type Replica,
  type ReplicaReader,
  fidKey,
  isAnswering,
  isDirectoryVnode,
} from './replica.ts';

export interface Comparison {
  /** Those that were compared, by the names of their servers. */
  readonly replicas: readonly Replica[];
  /** Those that do not answer: nothing of them is known, and nothing of them can be repaired now. */
  readonly silent: readonly Replica[];
  readonly object: DirectoryId & { readonly volume: number };
  /** In the order in which people are asked: names, then what the directory is like itself. */
  readonly differences: readonly Difference[];
  readonly names: NameSet;
  /** Whether a replica has something by a name. */
  hasName(replica: Replica, name: string): boolean;
}

/** The names that any replica has. */
export interface NameSet {
  readonly size: number;
  has(name: string): boolean;
}

const INCONSISTENT = 1;
const ROOT: DirectoryId = { vnode: 1, unique: 1 };

/**
 * @param signal ends it early
 * @throws RepairError where no replica answers, something changes meanwhile, or it was ended
 */
export async function compareReplicas(reader: ReplicaReader, signal?: AbortSignal): Promise<Comparison> {
  const all = [...(await reader.replicas())].sort((one, other) => compareText(one.server, other.server));
  const replicas = all.filter(isAnswering);
  const silent = all.filter((replica) => !isAnswering(replica));
  if (replicas.length === 0)
    throw new RepairError('Error getting replica names: No accessible replicas', {
      next: 'Try again when one of the servers answers: cfs checkservers',
    });
  const work = new ComparisonWork(reader, replicas);
  const names = await work.nameDifferences(signal);
  const attributes = await work.attributeDifferences(names.length === 0);
  const differences = [...names, ...attributes];
  return {
    replicas,
    silent,
    object: reader.object,
    differences,
    names: work.table,
    hasName: (replica, name) => work.hasName(replica, name),
  };
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

class ComparisonWork {
  readonly table = new EntryTable();
  readonly #reader: ReplicaReader;
  readonly #replicas: readonly Replica[];

  constructor(reader: ReplicaReader, replicas: readonly Replica[]) {
    this.#reader = reader;
    this.#replicas = replicas;
  }

  async nameDifferences(signal: AbortSignal | undefined): Promise<readonly Difference[]> {
    for (const [at, replica] of this.#replicas.entries())
      for await (const entry of this.#reader.entries(replica)) {
        if (signal?.aborted) throw new RepairError('The comparison was interrupted');
        this.table.add(at, entry);
      }
    const rows = [...this.table.different((1 << this.#replicas.length) - 1)].sort((one, other) =>
      compareText(one.name, other.name),
    );
    const missing = rows.filter((row) => row.differs !== 'objects' && !this.#isEverywhere(row));
    const names = this.table.ofObjects(new Set(missing.map(({ object }) => fidKey(object))));
    const settled = new Set<string>();
    const differences: Difference[] = [];
    for (const row of rows) {
      if (settled.has(fidKey(row.object)) && row.differs !== 'objects') continue;
      const difference = await this.#differenceOf(row, names.get(fidKey(row.object)) ?? [row]);
      if (difference?.kind === 'renamed') settled.add(fidKey(row.object));
      if (difference) differences.push(difference);
    }
    return differences;
  }

  hasName(replica: Replica, name: string): boolean {
    const row = this.table.row(name);
    return row !== undefined && has(row, this.#replicas.indexOf(replica));
  }

  async #differenceOf(row: Row, namesakes: readonly Row[]): Promise<Difference | undefined> {
    const holders = await this.#holders(row);
    if (row.differs === 'objects') return { kind: 'name/name', name: row.name, holders };
    if (this.#isEverywhere(row)) {
      const vectors = holders.map(({ status }) => status.versionVector);
      return { kind: 'update', name: row.name, holders, isConflict: !hasDominant(vectors) };
    }
    return this.#missing(row, holders, namesakes);
  }

  /** An entry that some do not have: they may have the object by another name, or in another directory. */
  async #missing(row: Row, holders: readonly Holder[], namesakes: readonly Row[]): Promise<Difference> {
    const lacking = this.#replicas.filter((_, at) => !has(row, at));
    const common = { name: row.name, object: row.object, holders, lacking };
    const elsewhere: PlacedHolder[] = [];
    for (const replica of lacking) {
      const found = await this.#locate(replica, row, namesakes);
      if (found) elsewhere.push(found);
    }
    const without = lacking.filter((replica) => !elsewhere.some((found) => found.replica === replica));
    const hasLinks = [...holders, ...elsewhere].some(({ status }) => status.linkCount > 1);
    // All names of a file are in one directory.
    const areHere = elsewhere.every(({ location }) => isSameDirectory(location.parent, this.#reader.object));
    if (elsewhere.length === 0 || (hasLinks && areHere && !isDirectoryVnode(row.object))) {
      const linked = elsewhere.map(({ replica }) => replica);
      return { kind: 'missing', ...common, linked, why: without.length === 0 ? 'link' : whyMissing(common) };
    }
    const here = holders.map((holder) => ({
      ...holder,
      location: this.#locationHere(holder.replica, row.name),
    }));
    const all = this.#inOrder([...here, ...elsewhere]);
    const hasDirectory = await this.#directoriesOf(all);
    return { kind: 'renamed', object: row.object, holders: all, lacking: without, hasDirectory };
  }

  /** Which replicas have the directories that an object is in somewhere. */
  async #directoriesOf(holders: readonly PlacedHolder[]) {
    const found = new Set<string>();
    for (const { location } of holders)
      for (const { replica } of holders)
        if (await hasDirectory(this.#reader, replica, location.parent))
          found.add(`${replica.server} ${fidKey(location.parent)}`);
    return (replica: Replica, directory: DirectoryId): boolean =>
      found.has(`${replica.server} ${fidKey(directory)}`);
  }

  async #locate(
    replica: Replica,
    { object, name }: Row,
    namesakes: readonly Row[],
  ): Promise<PlacedHolder | undefined> {
    const at = this.#replicas.indexOf(replica);
    const here = namesakes.find((each) => has(each, at));
    const location = here
      ? this.#locationHere(replica, here.name)
      : await this.#reader.locate(replica, object);
    // Servers remember removed objects for a while: one without a place is none.
    if (!location || (isSameDirectory(location.parent, this.#reader.object) && location.name === name))
      return undefined;
    const isHere = isSameDirectory(location.parent, this.#reader.object);
    const status = isHere ? await this.#reader.status(replica, location.name) : undefined;
    if (isHere && !(status && fidKey(status.fid) === fidKey(object))) return undefined;
    return { replica, location, status: status ?? unknownStatus(object) };
  }

  #locationHere(replica: Replica, name: string): Location {
    return { parent: this.#reader.object, name, path: `${replica.path}/${name}` };
  }

  #inOrder<Each extends Holder>(holders: readonly Each[]): readonly Each[] {
    return [...holders].sort(
      (one, other) => this.#replicas.indexOf(one.replica) - this.#replicas.indexOf(other.replica),
    );
  }

  async #holders(row: Row): Promise<readonly Holder[]> {
    const holders: Holder[] = [];
    for (const [at, replica] of this.#replicas.entries()) {
      if (!has(row, at)) continue;
      const status = await this.#reader.status(replica, row.name);
      if (!status || (row.differs !== 'objects' && fidKey(status.fid) !== fidKey(row.object)))
        throw new RepairError(`${replica.server} has changed while it was compared`, {
          why: 'Nobody is kept from changing the replicas during a session.',
          next: 'Compare again: compareDirs',
        });
      holders.push({ replica, status });
    }
    return holders;
  }

  #isEverywhere({ seen }: Row): boolean {
    return seen === (1 << this.#replicas.length) - 1;
  }

  /** @param isAlike whether the names are the same, so that only a version may be left to differ */
  async attributeDifferences(isAlike: boolean): Promise<readonly Difference[]> {
    const directories: DirectoryHolder[] = [];
    for (const replica of this.#replicas)
      directories.push({ replica, status: await this.#reader.directory(replica) });
    const differs = (value: (holder: DirectoryHolder) => unknown): boolean =>
      new Set(directories.map(value)).size > 1;
    const found: Difference[] = [...accessDifferences(directories)];
    if (differs(({ status }) => status.mode)) found.push({ kind: 'mode', directories });
    if (differs(({ status }) => status.owner)) found.push({ kind: 'owner', directories });
    if (differs(({ status: { quotas } }) => quotas && `${quotas.min} ${quotas.max}`))
      found.push({ kind: 'quota', directories });
    if (isAlike && found.length === 0 && differs(({ status }) => status.versionVector.versions.join(' ')))
      found.push({ kind: 'version', directories });
    return found;
  }
}

/** The root of a volume is in no directory of it, and everywhere. */
export async function hasDirectory(
  reader: ReplicaReader,
  replica: Replica,
  directory: DirectoryId,
): Promise<boolean> {
  if (isSameDirectory(directory, reader.object) || isSameDirectory(directory, ROOT)) return true;
  return (await reader.locate(replica, directory)) !== undefined;
}

function has({ seen }: Row, replica: number): boolean {
  return (seen & (1 << replica)) !== 0;
}

/** A place of the version vector that is not zero means that the server there had the object once. */
function whyMissing({ holders, lacking }: Pick<Missing, 'holders' | 'lacking'>): 'new' | 'removed' {
  const had = (slot: number): boolean =>
    holders.some(({ status }) => (status.versionVector.versions[slot] ?? 0) > 0);
  if (lacking.every(({ slot }) => slot !== undefined))
    return lacking.some(({ slot }) => slot !== undefined && had(slot)) ? 'removed' : 'new';
  const sites = holders[0]?.status.versionVector.versions.filter((_, slot) => had(slot)).length ?? 0;
  return sites < holders.length + lacking.length ? 'new' : 'removed';
}

/** Whether one version is at least as new as each of the others: then resolution needs nobody. */
function hasDominant(vectors: readonly VersionVector[]): boolean {
  if (vectors.some(({ flags }) => (flags & INCONSISTENT) !== 0)) return false;
  return vectors.some((one) => vectors.every((other) => dominates(one, other)));
}

function dominates(one: VersionVector, other: VersionVector): boolean {
  return other.versions.every((count, site) => (one.versions[site] ?? 0) >= count);
}

/** Each user or group whose rights are not the same everywhere. */
function* accessDifferences(directories: readonly DirectoryHolder[]): Generator<Difference> {
  const sides: readonly (keyof AccessList)[] = ['positive', 'negative'];
  for (const side of sides) {
    const users = new Set(directories.flatMap(({ status }) => status.access[side].map(({ name }) => name)));
    for (const user of [...users].sort(compareText)) {
      const rights = directories.map(({ replica, status }) => ({
        replica,
        rights: status.access[side].find(({ name }) => name === user)?.rights ?? 0,
      }));
      if (new Set(rights.map((each) => each.rights)).size > 1)
        yield { kind: 'rights', side, user, rights, directories };
    }
  }
}

function isSameDirectory(one: DirectoryId, other: DirectoryId): boolean {
  return one.vnode === other.vnode && one.unique === other.unique;
}

/** Of an object in another directory only the place is told. */
function unknownStatus(object: DirectoryId): Holder['status'] {
  return {
    type: isDirectoryVnode(object) ? 'directory' : 'file',
    fid: { volume: 0, ...object },
    versionVector: { versions: [], storeId: { host: 0, unique: 0 }, flags: 0 },
    length: 0,
    mode: 0,
    owner: 0,
    ownerName: '?',
    linkCount: 1,
    modified: 0,
  };
}
