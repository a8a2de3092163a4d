import type { Fid } from '../../../ipc/fid.ts';
import type { SentObject, SiteResult, SiteStep } from '../../net/peerProtocol.ts';
import type { Writer } from '../../store/database.ts';
import type { Contents } from '../../tree/apply.ts';
import { recounted } from '../../tree/recount.ts';
import { INCONSISTENT } from '../../tree/version.ts';
import { type Vnode, type Vnodes, sameFid, withoutContainer } from '../../tree/vnodes.ts';

export interface AppliedTo {
  readonly vnodes: Vnodes;
  readonly writer: Writer;
  /** Contents that were sent ahead, by their handles. */
  readonly contents: ReadonlyMap<number, Contents>;
}

/**
 * Does at one server what a resolution has come to. Rights and quotas were looked at when the updates were made.
 * @returns the containers that no object names any more, and the objects that were touched
 */
export function applyResolution(
  to: AppliedTo,
  { steps, versions, inconsistent }: Pick<SiteResult, 'steps' | 'versions' | 'inconsistent'>,
): { readonly unused: readonly number[]; readonly touched: readonly Fid[] } {
  const { vnodes, writer } = to;
  const unused: number[] = [];
  const touched = new Map<number, Fid>();
  const touch = (fid: Fid) => touched.set(fid.vnode, fid);
  for (const step of steps) {
    for (const fid of fidsIn(step)) touch(fid);
    const dropped = perform(to, step);
    if (dropped !== undefined) unused.push(dropped);
  }
  for (const { fid, versionVector, modified } of versions) {
    const vnode = vnodes.find(fid);
    if (!vnode) continue;
    vnodes.putUnchecked(writer, {
      ...vnode,
      isRepaired: false,
      versionVector,
      ...(modified === undefined ? {} : { modified }),
    });
    touch(fid);
  }
  for (const fid of inconsistent) {
    const vnode = vnodes.find(fid);
    if (!vnode) continue;
    const { versionVector } = vnode;
    const flags = versionVector.flags | INCONSISTENT;
    vnodes.putUnchecked(writer, { ...vnode, versionVector: { ...versionVector, flags } });
    touch(fid);
  }
  return { unused, touched: [...touched.values()] };
}

/** @returns a container that no object names any more */
function perform(to: AppliedTo, step: SiteStep): number | undefined {
  const { vnodes, writer } = to;
  switch (step.step) {
    case 'leave':
      leave(to, step);
      return undefined;
    case 'enter':
      enter(to, step);
      return undefined;
    case 'drop': {
      const vnode = vnodes.find(step.fid);
      if (!vnode) return undefined;
      if (vnode.type === 'directory') vnodes.clearEntries(writer, vnode.fid);
      vnodes.remove(writer, vnode);
      return vnode.type === 'file' ? vnode.container : undefined;
    }
    case 'make':
      if (vnodes.find(step.object.vnode.fid)) return undefined;
      vnodes.putUnchecked(writer, unnamed(withContents(step.object, to)));
      return undefined;
    case 'copy':
      return copy(to, step.object);
    case 'count': {
      const vnode = vnodes.find(step.fid);
      if (vnode) vnodes.putUnchecked(writer, recounted(vnodes, vnode));
      return undefined;
    }
  }
}

function leave(
  { vnodes, writer }: AppliedTo,
  { directory: fid, name, fid: child }: Extract<SiteStep, { step: 'leave' | 'enter' }>,
): void {
  const directory = vnodes.find(fid);
  const entry = directory?.type === 'directory' ? vnodes.entry(fid, name) : undefined;
  if (directory?.type !== 'directory' || !entry || entry.unique !== child.unique) return;
  vnodes.putUnchecked(writer, vnodes.removeEntry(writer, directory, name, { fid: child, type: entry.type }));
  const vnode = vnodes.find(child);
  if (vnode && vnode.type !== 'directory')
    vnodes.putUnchecked(writer, { ...vnode, linkCount: vnode.linkCount - 1 });
}

function enter(
  { vnodes, writer }: AppliedTo,
  { directory: fid, name, fid: child }: Extract<SiteStep, { step: 'leave' | 'enter' }>,
): void {
  const directory = vnodes.find(fid);
  const vnode = vnodes.find(child);
  if (directory?.type !== 'directory' || !vnode || vnodes.entry(fid, name)) return;
  vnodes.putUnchecked(writer, vnodes.addEntry(writer, directory, name, vnode));
  const linkCount = vnode.type === 'directory' ? vnode.linkCount : vnode.linkCount + 1;
  vnodes.putUnchecked(writer, { ...vnode, linkCount, parent: fid });
}

function copy(to: AppliedTo, object: SentObject): number | undefined {
  const { vnodes, writer } = to;
  const sent = withContents(object, to);
  const present = vnodes.find(sent.fid);
  if (!present || present.type !== sent.type) return undefined;
  const { owner, mode, modified, versionVector } = sent;
  const status = { owner, mode, modified, versionVector };
  if (sent.type === 'file' && present.type === 'file') {
    const { length, container } = sent;
    vnodes.putUnchecked(writer, {
      ...withoutContainer(present),
      ...status,
      length,
      ...(container === undefined ? {} : { container }),
    });
    return present.container;
  }
  if (sent.type === 'directory' && present.type === 'directory')
    vnodes.putUnchecked(writer, {
      ...present,
      ...status,
      acl: sent.acl,
      modified: Math.max(modified, present.modified),
    });
  if (sent.type === 'symlink' && present.type === 'symlink')
    vnodes.putUnchecked(writer, { ...present, ...status, target: sent.target });
  return undefined;
}

/** An object as it was sent, with the contents that came for it. */
function withContents({ vnode, handle }: SentObject, { contents }: AppliedTo): Vnode {
  if (vnode.type !== 'file') return vnode;
  const { length = 0, container } = (handle === undefined ? undefined : contents.get(handle)) ?? {};
  return { ...withoutContainer(vnode), length, ...(container === undefined ? {} : { container }) };
}

/** Names are given afterwards, one by one. */
function unnamed(vnode: Vnode): Vnode {
  return vnode.type === 'directory'
    ? { ...vnode, linkCount: 2, entryCount: 0, nameUnits: 0 }
    : { ...vnode, linkCount: 0 };
}

function fidsIn(step: SiteStep): readonly Fid[] {
  switch (step.step) {
    case 'leave':
    case 'enter':
      return sameFid(step.directory, step.fid) ? [step.fid] : [step.directory, step.fid];
    case 'drop':
    case 'count':
      return [step.fid];
    case 'make':
    case 'copy':
      return [step.object.vnode.fid];
  }
}
