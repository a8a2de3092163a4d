import type { StoreId } from '../../ipc/versionVector.ts';
import { textLength } from '../../ipc/text.ts';
import type { Writer } from '../store/database.ts';
import type { Identity } from './identity.ts';
import { type DirectoryVnode, MAX_NAME, type Vnode, type Vnodes } from './vnodes.ts';
import { updated } from './version.ts';
import { fail } from '../fail.ts';

/** One update under way, inside a transaction. */
export interface Change {
  readonly vnodes: Vnodes;
  readonly writer: Writer;
  readonly identity: Identity;
  readonly storeId: StoreId;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export const PERMISSIONS = 0o7777;

/** Names by which conflicts show, `@vvvvvvvv.nnnnnnnn.uuuuuuuu@realm.`, cannot be made. */
const CONFLICT_NAME = /^@[0-9a-f]{8}\.[0-9a-f]{8}\.[0-9a-f]{8}@/i;

/** @throws VenusError EINVAL, ENAMETOOLONG for what cannot be the name of something new */
export function checkName(name: string): void {
  if (textLength(name) > MAX_NAME) fail('ENAMETOOLONG');
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) fail('EINVAL');
  if (CONFLICT_NAME.test(name) || /@(sys|cpu)$/.test(name))
    fail('EINVAL', `${name} has a meaning of its own in Coda.`);
}

/** @throws VenusError EEXIST, and as {@link checkName}, for what cannot be a new name in a directory */
export function checkNewName(vnodes: Vnodes, directory: DirectoryVnode, name: string): void {
  checkName(name);
  if (vnodes.entry(directory.fid, name)) fail('EEXIST');
}

/** Enters a new object into a directory; both are stored. @throws VenusError EEXIST */
export function enter(change: Change, directory: DirectoryVnode, name: string, vnode: Vnode): void {
  const { vnodes, writer } = change;
  checkNewName(vnodes, directory, name);
  vnodes.put(writer, vnode);
  touch(change, vnodes.addEntry(writer, directory, name, vnode));
}

/** Stores an object whose contents this change updates. */
export function touch(change: Change, vnode: Vnode): void {
  store(change, updated(vnode, change.storeId, change.now, siteOf(change, vnode)));
}

/** Stores an object that this change updates without touching its contents: the time of those stays. */
export function retouch(change: Change, vnode: Vnode): void {
  store(change, updated(vnode, change.storeId, vnode.modified, siteOf(change, vnode)));
}

function store({ vnodes, writer }: Change, vnode: Vnode): void {
  vnodes.put(writer, vnode);
}

function siteOf({ vnodes }: Change, { fid }: Vnode): number {
  return vnodes.siteOf(fid.volume);
}
