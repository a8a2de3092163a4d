import { Right } from '../../../acl/rights.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { FixOperation } from '../../../ipc/fixFile/fixFile.ts';
import { fail } from '../../fail.ts';
import { requireRights } from '../../tree/access.ts';
import { type Change, PERMISSIONS, checkNewName } from '../../tree/change.ts';
import { type DirectoryVnode, type StoredRights, type Vnode, sameFid } from '../../tree/vnodes.ts';
import { VSG_SIZE } from '../../../ipc/versionVector.ts';
import { isInconsistent } from '../../tree/version.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';
import type { NamedFid } from '../resolution/loggedUpdate.ts';
import { type RepairTarget, repairable, repairedVersion } from './repairObject.ts';

export interface DirectoryRepair extends RepairTarget {
  readonly operations: readonly FixOperation[];
}

/** What a repair did to the names and objects of a replica. */
export interface RepairEffects {
  readonly added: NamedFid[];
  readonly removed: NamedFid[];
  readonly made: Fid[];
  readonly gone: Fid[];
  /** Whether owner, mode, time or access list were set. */
  isStatusSet: boolean;
  /** Containers that no object names any more. */
  readonly unused: number[];
}

const [FILE_MODE, DIRECTORY_MODE, LINK_MODE] = [0o644, 0o755, 0o777];

/**
 * Does at one server what a fix file says for its replica of a directory, all or nothing (spec/repair.md, 13). The directory
 * stays in conflict: that ends when all replicas are the same.
 * @throws VenusError EACCES, EEXIST, ENOENT, EINVAL, ENOTEMPTY and as {@link repairable}
 */
export function repairDirectory(
  change: Change,
  repair: DirectoryRepair,
  protection: ProtectionDatabase,
): RepairEffects {
  const { vnodes, writer, storeId, now } = change;
  const { fid, template } = repair;
  if (repairable(change, repair).type !== 'directory') fail('ENOTDIR');
  const performer = new DirectoryRepairer(change, fid, protection);
  for (const operation of repair.operations) performer.perform(operation);
  const after = vnodes.directory(fid);
  const versionVector = repairedVersion(after, template, storeId, vnodes.siteOf(fid.volume));
  const modified = performer.effects.isStatusSet ? after.modified : now;
  vnodes.put(writer, { ...after, modified, versionVector, isRepaired: true });
  return performer.effects;
}

class DirectoryRepairer {
  readonly effects: RepairEffects = {
    added: [],
    removed: [],
    made: [],
    gone: [],
    isStatusSet: false,
    unused: [],
  };
  readonly #change: Change;
  readonly #fid: Fid;
  readonly #protection: ProtectionDatabase;

  constructor(change: Change, fid: Fid, protection: ProtectionDatabase) {
    this.#change = change;
    this.#fid = fid;
    this.#protection = protection;
  }

  perform(operation: FixOperation): void {
    switch (operation.op) {
      case 'createf':
      case 'created':
      case 'creates':
        this.#create(operation.op, operation.name, operation.fid);
        return;
      case 'createl':
        this.#link(operation.name, operation.fid);
        return;
      case 'removefsl':
      case 'removed':
        this.#remove(operation.name, operation.op === 'removed');
        return;
      case 'mv':
        this.#move(operation);
        return;
      case 'setacl':
        this.#setRights('positive', operation.user, operation.rights);
        return;
      case 'setnacl':
        this.#setRights('negative', operation.user, operation.rights);
        return;
      case 'setmode':
        this.#setStatus({ mode: operation.mode & PERMISSIONS });
        return;
      case 'setmtime':
        this.#setStatus({ modified: operation.seconds * 1000 });
        return;
      case 'setowner':
        if (!this.#change.identity.administrator)
          fail('EACCES', 'Only System:Administrators give objects away.');
        this.#put({ ...this.#directory, owner: operation.owner });
        this.effects.isStatusSet = true;
        return;
    }
  }

  get #directory(): DirectoryVnode {
    return this.#change.vnodes.directory(this.#fid);
  }

  #put(vnode: Vnode): void {
    this.#change.vnodes.put(this.#change.writer, vnode);
  }

  #require(rights: number, directory = this.#directory): void {
    requireRights(directory, this.#change.identity, rights);
  }

  /** Made empty, as a runt: its version is older than any, so that contents and status come by resolution. */
  #create(op: 'createf' | 'created' | 'creates', name: string, fid: Fid): void {
    const { vnodes, identity, now } = this.#change;
    this.#require(Right.Insert);
    this.#checkFid(fid, op === 'created');
    if (!vnodes.isFree(fid)) fail('EINVAL', `There is an object with the fid of ${name} already.`);
    checkNewName(vnodes, this.#directory, name);
    const versions = new Array<number>(VSG_SIZE).fill(0);
    const versionVector = { versions, storeId: { host: 0, unique: 0 }, flags: 0 };
    const common = { fid, owner: identity.viceId, modified: now, versionVector, parent: this.#fid };
    if (op === 'created') {
      const { acl } = this.#directory;
      const counts = { linkCount: 2, entryCount: 0, nameUnits: 0 };
      this.#put({ ...common, ...counts, type: 'directory', mode: DIRECTORY_MODE, acl });
    } else if (op === 'createf')
      this.#put({ ...common, type: 'file', mode: FILE_MODE, linkCount: 1, length: 0 });
    else this.#put({ ...common, type: 'symlink', mode: LINK_MODE, linkCount: 1, target: new Uint8Array(0) });
    this.effects.made.push(fid);
    this.#enter(name, fid);
  }

  #link(name: string, fid: Fid): void {
    const { vnodes } = this.#change;
    this.#require(Right.Insert);
    this.#checkFid(fid, false);
    const file = vnodes.vnode(fid);
    if (file.type !== 'file' || !file.parent || !sameFid(file.parent, this.#fid)) fail('EINVAL');
    checkNewName(vnodes, this.#directory, name);
    this.#put({ ...file, linkCount: file.linkCount + 1 });
    this.#enter(name, fid);
  }

  #remove(name: string, isTree: boolean): void {
    const victim = this.#change.vnodes.child(this.#fid, name);
    if ((victim.type === 'directory') !== isTree) fail(isTree ? 'ENOTDIR' : 'EISDIR');
    this.#removeFrom(this.#fid, name, victim);
  }

  /** With all below it, everywhere with the right to delete. */
  #removeFrom(directory: Fid, name: string, victim: Vnode): void {
    const { vnodes, writer } = this.#change;
    const parent = vnodes.directory(directory);
    this.#require(Right.Delete, parent);
    if (victim.type === 'directory')
      for (const { name: below } of [...vnodes.entries(victim.fid)])
        this.#removeFrom(victim.fid, below, vnodes.child(victim.fid, below));
    this.#put(vnodes.removeEntry(writer, vnodes.directory(directory), name, victim));
    this.effects.removed.push({ directory, name, fid: victim.fid });
    if (victim.type === 'file' && victim.linkCount > 1) {
      this.#put({ ...victim, linkCount: victim.linkCount - 1 });
      return;
    }
    vnodes.remove(writer, vnodes.vnode(victim.fid));
    this.effects.gone.push(victim.fid);
    if (victim.type === 'file' && victim.container !== undefined) this.effects.unused.push(victim.container);
  }

  #move({ from, to, volume, source, target }: Extract<FixOperation, { op: 'mv' }>): void {
    const { vnodes, writer } = this.#change;
    if (volume !== this.#fid.volume) fail('EINVAL', 'It names another volume.');
    const old = vnodes.directory({ volume, ...source });
    const next = vnodes.directory({ volume, ...target });
    if (!isInconsistent(old) && !isInconsistent(next)) fail('EINVAL', 'Neither directory is in conflict.');
    this.#require(Right.Delete, old);
    this.#require(Right.Insert, next);
    const moved = vnodes.child(old.fid, from);
    if (moved.type === 'file' && moved.linkCount > 1 && !sameFid(old.fid, next.fid)) fail('EXDEV');
    for (
      let above: DirectoryVnode | undefined = next;
      above;
      above = above.parent && vnodes.directory(above.parent)
    )
      if (sameFid(above.fid, moved.fid)) fail('EINVAL', `${from} would come to lie below itself.`);
    checkNewName(vnodes, next, to);
    this.#put(vnodes.removeEntry(writer, old, from, moved));
    this.#put(vnodes.addEntry(writer, vnodes.directory(next.fid), to, moved));
    this.#put({ ...moved, parent: next.fid });
    this.effects.removed.push({ directory: old.fid, name: from, fid: moved.fid });
    this.effects.added.push({ directory: next.fid, name: to, fid: moved.fid });
  }

  #enter(name: string, fid: Fid): void {
    const { vnodes, writer } = this.#change;
    this.#put(vnodes.addEntry(writer, this.#directory, name, vnodes.vnode(fid)));
    this.effects.added.push({ directory: this.#fid, name, fid });
  }

  #setRights(side: 'positive' | 'negative', user: string, rights: number): void {
    this.#require(Right.Administer);
    const principal = this.#protection.byName(user) ?? fail('ENOENT', `There is no user or group ${user}.`);
    const { acl } = this.#directory;
    const others = acl[side].filter(({ id }) => id !== principal.id);
    const entry: readonly StoredRights[] = rights === 0 ? [] : [{ id: principal.id, rights }];
    const list = [...others, ...entry].sort((one, other) => one.id - other.id);
    this.#put({ ...this.#directory, acl: { ...acl, [side]: list } });
    this.effects.isStatusSet = true;
  }

  #setStatus(status: { readonly mode?: number; readonly modified?: number }): void {
    const directory = this.#directory;
    if (directory.owner !== this.#change.identity.viceId) this.#require(Right.Write | Right.Insert);
    this.#put({ ...directory, ...status });
    this.effects.isStatusSet = true;
  }

  #checkFid(fid: Fid, isDirectory: boolean): void {
    if (fid.volume !== this.#fid.volume) fail('EINVAL', 'It names another volume.');
    if ((fid.vnode % 2 === 1) !== isDirectory)
      fail('EINVAL', 'Its number is that of another kind of object.');
  }
}
