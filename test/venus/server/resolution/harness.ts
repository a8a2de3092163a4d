/** Servers in memory: what they keep, what a client's operation does to them, and how they do the steps of a merge. */
import type { Fid } from '../../../../src/ipc/fid.ts';
import { formatFid } from '../../../../src/ipc/fid.ts';
import type { StoreId, VersionVector } from '../../../../src/ipc/versionVector.ts';
import type { LoggedUpdate, NamedFid } from '../../../../src/venus/server/resolution/loggedUpdate.ts';
import { merge } from '../../../../src/venus/server/resolution/merge.ts';
import type {
  MergePlan,
  MergeStep,
  Replica,
  ReplicaPlan,
} from '../../../../src/venus/server/resolution/mergePlan.ts';
import {
  type Conflict,
  type Id,
  type ModelObject,
  type Name,
  type Operation,
  ROOT,
  type Tree,
  gives,
  isMaking,
  namesOf,
  takes,
} from './model.ts';

/** Fids of the model's objects, and back. */
class Fids {
  readonly #fids = new Map<Id, Fid>();
  readonly #ids = new Map<string, Id>();

  of(id: Id): Fid {
    const fid = this.#fids.get(id);
    if (!fid) throw new Error(`${id} was never made.`);
    return fid;
  }

  idOf(fid: Fid): Id {
    const id = this.#ids.get(formatFid(fid));
    if (id === undefined) throw new Error(`${formatFid(fid)} was never made.`);
    return id;
  }

  choose(id: Id, type: 'file' | 'directory'): void {
    const unique = this.#fids.size + 1;
    const fid = { volume: 0x7f000001, vnode: unique * 2 + (type === 'directory' ? 1 : 0), unique };
    this.#fids.set(id, fid);
    this.#ids.set(formatFid(fid), id);
  }
}

interface Stored extends ModelObject {
  readonly version: VersionVector;
}

class Server implements Tree {
  readonly site: number;
  readonly objects = new Map<Id, Stored>();
  readonly entries = new Map<Id, Map<string, Id>>();
  log: LoggedUpdate[] = [];
  readonly concluded = new Set<string>();

  constructor(site: number) {
    this.site = site;
  }

  copy(): Server {
    const copy = new Server(this.site);
    for (const [id, object] of this.objects) copy.objects.set(id, object);
    for (const [id, entries] of this.entries) copy.entries.set(id, new Map(entries));
    for (const each of this.concluded) copy.concluded.add(each);
    copy.log = [...this.log];
    return copy;
  }

  touch(id: Id, change: (object: Stored) => Partial<Stored>): void {
    const object = this.objects.get(id);
    if (!object) throw new Error(`Server ${this.site} lacks ${id}.`);
    this.objects.set(id, { ...object, ...change(object) });
  }
}

const keyOf = ({ host, unique }: StoreId) => `${host}.${unique}`;
const NO_VERSION: VersionVector = {
  versions: [0, 0, 0, 0, 0, 0, 0, 0],
  storeId: { host: 0, unique: 0 },
  flags: 0,
};

/** The servers of one volume. */
export class Servers {
  readonly #fids: Fids;
  readonly all: readonly Server[];
  #updates = 0;

  private constructor(all: readonly Server[], fids: Fids, updates: number) {
    this.all = all;
    this.#fids = fids;
    this.#updates = updates;
  }

  static start(count: number): Servers {
    const fids = new Fids();
    fids.choose(ROOT, 'directory');
    const all = Array.from({ length: count }, (_, site) => new Server(site));
    for (const server of all) {
      server.objects.set(ROOT, { type: 'directory', writes: new Set(), version: NO_VERSION });
      server.entries.set(ROOT, new Map());
    }
    return new Servers(all, fids, 0);
  }

  copy(): Servers {
    return new Servers(
      this.all.map((server) => server.copy()),
      this.#fids,
      this.#updates,
    );
  }

  server(site: number): Server {
    const server = this.all[site];
    if (!server) throw new Error(`There is no server ${site}.`);
    return server;
  }

  isInConflict(site: number, id: Id): boolean {
    return (this.server(site).objects.get(id)?.version.flags ?? 0) !== 0;
  }

  /** @param heard the servers that learn who performed it */
  perform(operation: Operation, sites: readonly number[], heard: readonly number[] = sites): void {
    const storeId = { host: 1, unique: ++this.#updates };
    if (isMaking(operation))
      this.#fids.choose(operation.object, operation.op === 'mkdir' ? 'directory' : 'file');
    for (const site of sites) this.#performAt(this.server(site), operation, storeId);
    for (const site of heard) {
      const server = this.server(site);
      for (const id of touchedBy(operation))
        if (server.objects.has(id))
          server.touch(id, ({ version }) => ({
            version: {
              ...version,
              versions: version.versions.map((count, other) =>
                other !== site && sites.includes(other) ? count + 1 : count,
              ),
            },
          }));
      if (sites.length === this.all.length) forget(server, [storeId]);
    }
  }

  #performAt(server: Server, operation: Operation, storeId: StoreId): void {
    const { object, op } = operation;
    const [given, taken] = [gives(operation), takes(operation)];
    const isNew = isMaking(operation);
    if (isNew) {
      const type = op === 'mkdir' ? 'directory' : op === 'symlink' ? 'symlink' : 'file';
      server.objects.set(object, { type, writes: new Set(), version: NO_VERSION });
      if (type === 'directory') server.entries.set(object, new Map());
    }
    if (taken) leave(server, taken);
    if (given) enter(server, given);
    const isGone = (op === 'remove' || op === 'rmdir') && namesOf(server, object).length === 0;
    if (isGone) drop(server, object);
    for (const id of touchedBy(operation))
      if (server.objects.has(id))
        server.touch(id, ({ version, writes }) => ({
          writes: op === 'change' ? new Set([...writes, operation.write]) : writes,
          version: {
            ...version,
            storeId,
            versions: version.versions.map((count, site) => (site === server.site ? count + 1 : count)),
          },
        }));
    const fid = this.#fids.of(object);
    server.log.push({
      storeId,
      time: storeId.unique,
      viceId: 1,
      kind: (
        {
          create: 'make',
          mkdir: 'make',
          symlink: 'make',
          link: 'link',
          rename: 'rename',
          remove: 'remove',
          rmdir: 'remove',
          change: 'store',
        } as const
      )[op],
      added: given ? [this.#named(given)] : [],
      removed: taken ? [this.#named(taken)] : [],
      made: isNew ? [fid] : [],
      gone: isGone ? [fid] : [],
      changed: op === 'change' ? [fid] : [],
    });
  }

  plan(sites: readonly number[]): MergePlan {
    return merge(
      sites.map((site) => this.#replica(this.server(site))),
      { host: 2, unique: ++this.#updates },
    );
  }

  /** Makes the servers equal; those that do not survive it do nothing. */
  merge(sites: readonly number[], survivors = sites, order: 1 | -1 = 1): readonly Conflict[] {
    const plan = this.plan(sites);
    const sources = this.copy();
    const plans = order === 1 ? plan.replicas : [...plan.replicas].reverse();
    for (const each of plans) if (survivors.includes(each.site)) this.#carryOut(each, plan, sources);
    if (survivors.length === this.all.length) for (const server of this.all) forget(server, plan.common);
    return plan.conflicts.map(({ fid, kind, name }) => ({ object: this.#fids.idOf(fid), kind, name }));
  }

  #carryOut({ site, steps, learned }: ReplicaPlan, plan: MergePlan, sources: Servers): void {
    const server = this.server(site);
    for (const step of steps) this.#step(server, step, sources);
    server.log.push(...learned);
    for (const { fid, versionVector } of plan.versions) {
      const id = this.#fids.idOf(fid);
      if (server.objects.has(id)) server.touch(id, () => ({ version: versionVector }));
    }
    // Who hears of a conflict marks it, and does not believe others that there is none.
    const flagged = [...sources.all]
      .filter((other) => plan.replicas.some((each) => each.site === other.site))
      .flatMap(({ objects }) =>
        [...objects].filter(([, { version }]) => version.flags !== 0).map(([id]) => id),
      );
    const decided = new Set(plan.versions.map(({ fid }) => this.#fids.idOf(fid)));
    for (const id of [
      ...flagged.filter((each) => !decided.has(each)),
      ...plan.conflicts.map(({ fid }) => this.#fids.idOf(fid)),
    ])
      if (server.objects.has(id)) server.touch(id, ({ version }) => ({ version: { ...version, flags: 1 } }));
  }

  #step(server: Server, step: MergeStep, sources: Servers): void {
    const object = this.#fids.idOf(step.fid);
    switch (step.step) {
      case 'leave':
        leave(server, { directory: this.#fids.idOf(step.directory), name: step.name, object });
        break;
      case 'enter':
        enter(server, { directory: this.#fids.idOf(step.directory), name: step.name, object });
        break;
      case 'drop':
        drop(server, object);
        break;
      case 'make':
      case 'copy': {
        const source = sources.server(step.from).objects.get(object);
        if (!source) throw new Error(`${object} is not at server ${step.from}.`);
        if (step.step === 'copy') server.touch(object, () => ({ writes: source.writes }));
        else make(server, object, source);
      }
    }
  }

  #replica(server: Server): Replica {
    return {
      site: server.site,
      log: server.log,
      object: (fid) => {
        const id = this.#fids.idOf(fid);
        const found = server.objects.get(id);
        if (!found) return undefined;
        const names = namesOf(server, id);
        const parent = names[0] && this.#fids.of(names[0].directory);
        return { fid, type: found.type, versionVector: found.version, linkCount: names.length, parent };
      },
      entry: (directory, name) => {
        const id = server.entries.get(this.#fids.idOf(directory))?.get(name);
        return id === undefined ? undefined : this.#fids.of(id);
      },
      isConcluded: (storeId) => server.concluded.has(keyOf(storeId)),
    };
  }

  #named({ directory, name, object }: Name): NamedFid {
    return { directory: this.#fids.of(directory), name, fid: this.#fids.of(object) };
  }
}

/** The objects in whose versions an operation counts. */
function touchedBy(operation: Operation): ReadonlySet<Id> {
  const directories = [gives(operation), takes(operation)].flatMap((name) => name?.directory ?? []);
  return new Set([...directories, operation.object]);
}

function forget(server: Server, updates: readonly StoreId[]): void {
  const keys = new Set(updates.map(keyOf));
  for (const key of keys) server.concluded.add(key);
  server.log = server.log.filter(({ storeId }) => !keys.has(keyOf(storeId)));
}

function leave(server: Server, { directory, name, object }: Name): void {
  const entries = server.entries.get(directory);
  if (entries?.get(name) !== object) throw new Error(`${directory}/${name} is not ${object}.`);
  entries.delete(name);
}

function enter(server: Server, { directory, name, object }: Name): void {
  const entries = server.entries.get(directory);
  if (!entries || entries.has(name)) throw new Error(`${directory}/${name} cannot be made.`);
  if (!server.objects.has(object)) throw new Error(`${object} cannot be named before it is there.`);
  entries.set(name, object);
}

function make(server: Server, object: Id, source: Stored): void {
  if (server.objects.has(object)) throw new Error(`${object} is there and cannot be made.`);
  server.objects.set(object, source);
  if (source.type === 'directory') server.entries.set(object, new Map());
}

function drop(server: Server, object: Id): void {
  const isEmpty = (server.entries.get(object)?.size ?? 0) === 0;
  if (!server.objects.has(object) || !isEmpty) throw new Error(`${object} cannot be dropped.`);
  if (namesOf(server, object).length > 0) throw new Error(`${object} has names and cannot be dropped.`);
  server.entries.delete(object);
  server.objects.delete(object);
}
