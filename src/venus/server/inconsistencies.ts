import type { Fid } from '../../ipc/fid.ts';
import type {
  ConflictUpdate,
  Credentials,
  FileProtocol,
  InconsistentObject,
  InconsistentPart,
  ObjectStatus,
} from '../net/fileProtocol.ts';
import { type Vnodes, sameFid } from '../tree/vnodes.ts';
import { fail } from '../fail.ts';
import type { Lookups } from './lookups.ts';
import type { ProtectionDatabase } from './protection/protectionDatabase.ts';
import type { ConflictCauses } from './resolution/conflictCauses.ts';
import type { LoggedUpdate, NamedFid } from './resolution/loggedUpdate.ts';
import type { ResolutionLog } from './resolution/resolutionLog.ts';

type Request = FileProtocol['listInconsistent']['request'];

export interface InconsistenciesOptions {
  readonly vnodes: Vnodes;
  readonly log: ResolutionLog;
  readonly causes: ConflictCauses;
  readonly lookups: Lookups;
  readonly protection: ProtectionDatabase;
}

/** Names and updates of one object that are told: what people can read. */
const [MAX_NAMES, MAX_UPDATES] = [16, 8];

/** Tells what a server knows of objects in conflict from its own tables: nobody walks the tree for it. */
export class Inconsistencies {
  readonly #options: InconsistenciesOptions;

  constructor(options: InconsistenciesOptions) {
    this.#options = options;
  }

  /** @throws VenusError ENXIO */
  list({ credentials, volume, after, limit }: Request): InconsistentPart {
    const { vnodes } = this.#options;
    vnodes.volume(volume);
    if (!(limit > 0)) fail('EINVAL');
    const left = vnodes.inconsistent(volume).filter(({ vnode }) => vnode > after);
    const fids = left.slice(0, limit);
    const last = left.length > limit ? fids.at(-1)?.vnode : undefined;
    const found = fids.flatMap((fid) => this.#describe(credentials, fid) ?? []);
    this.#addUpdates(volume, found);
    return { objects: found.map(({ object, updates }) => ({ ...object, updates })), last };
  }

  #describe(credentials: Credentials, fid: Fid): Found | undefined {
    const { vnodes, lookups, causes } = this.#options;
    const vnode = vnodes.find(fid);
    if (!vnode || (vnode.parent && !lookups.mayLookUp(credentials, vnode.parent))) return undefined;
    const common = { status: lookups.status(credentials, fid), path: this.#pathOf(fid) };
    // Whoever may not look into a directory is not told its names either.
    if (vnode.type === 'directory' && !lookups.mayLookUp(credentials, fid))
      return { object: { ...common, causes: [], names: [] }, about: [], updates: [] };
    const known = causes.of(fid);
    const wanted = [...new Set(known.flatMap(({ name }) => name ?? []))].slice(0, MAX_NAMES);
    const names = wanted.map((name) => ({ name, status: this.#statusOf(credentials, fid, name) }));
    const about = names.flatMap(({ name, status }) =>
      status ? [{ directory: fid, name, fid: status.fid }] : [],
    );
    return { object: { ...common, causes: known, names }, about, updates: [] };
  }

  #statusOf(credentials: Credentials, directory: Fid, name: string): ObjectStatus | undefined {
    const { vnodes, lookups } = this.#options;
    if (vnodes.find(directory)?.type !== 'directory' || !vnodes.entry(directory, name)) return undefined;
    return lookups.lookup({ credentials, directory, name });
  }

  /** One pass over the log for all objects. */
  #addUpdates(volume: number, found: readonly Found[]): void {
    const { log, protection } = this.#options;
    if (found.length === 0) return;
    for (const { update } of log.updates(volume))
      for (const { object, about, updates } of found) {
        const path = pathsOf(update, object, about);
        if (!path) continue;
        const { storeId, time, viceId, kind } = update;
        updates.push({ storeId, time, kind, userName: protection.nameOf(viceId), ...path });
        if (updates.length > MAX_UPDATES) updates.shift();
      }
  }

  #pathOf(fid: Fid): string | undefined {
    const { vnodes } = this.#options;
    const names: string[] = [];
    for (let at = vnodes.find(fid); at?.parent; at = vnodes.find(at.parent)) {
      const name = vnodes.nameOf(at);
      if (name === undefined) return undefined;
      names.unshift(name);
    }
    return names.join('/');
  }
}

interface Found {
  readonly object: Omit<InconsistentObject, 'updates'>;
  /** What the names in conflict stand for. */
  readonly about: readonly NamedFid[];
  readonly updates: ConflictUpdate[];
}

/** What an update has to do with an object in conflict, if it has; paths begin at the object. */
function pathsOf(
  { added, removed, changed }: LoggedUpdate,
  { status: { fid, type }, names }: Found['object'],
  about: readonly NamedFid[],
): Pick<ConflictUpdate, 'path' | 'to'> | undefined {
  if (changed.some((each) => sameFid(each, fid))) return { path: '', to: undefined };
  if (type !== 'directory') return undefined;
  const isMeant = ({ directory, name }: NamedFid): boolean =>
    sameFid(directory, fid) && (names.length === 0 || names.some((each) => each.name === name));
  const isBelow = ({ directory }: NamedFid): boolean => about.some((each) => sameFid(each.fid, directory));
  const pathOf = (named: NamedFid): string => {
    const above = about.find((each) => sameFid(each.fid, named.directory));
    return above ? `${above.name}/${named.name}` : named.name;
  };
  const child = about.find((each) => changed.some((other) => sameFid(other, each.fid)));
  if (child) return { path: child.name, to: undefined };
  const [from] = removed;
  const [to] = added;
  const meant = [...removed, ...added].find((named) => isMeant(named) || isBelow(named));
  if (!meant) return undefined;
  if (from && to) return { path: pathOf(from), to: pathOf(to) };
  return { path: pathOf(meant), to: undefined };
}
