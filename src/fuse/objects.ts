/** What the kernel asks of objects and names: nothing here is about contents. */
import { ROOT, call } from '../ipc/call.ts';
import { getVolumeStatus } from '../ipc/calls/getVolumeStatus.ts';
import { isErrno } from '../ipc/errors.ts';
import { SOCKET_LINK } from '../ipc/mount/socketLink.ts';
import { encodeText } from '../ipc/text.ts';
import { failWith } from './failure.ts';
import { attributesAnswer, entryAnswer, spaceAnswer, TypeBits } from './kernel/answers.ts';
import type { KernelRequest } from './kernel/request.ts';
import { type MountState, VALID_FOR } from './mountState.ts';
import type { Node } from './nodes.ts';
import { type PioctlFile, PioctlFiles } from './pioctlFiles.ts';

const [BLOCK, PERMISSIONS, OWN_ONLY] = [1024, 0o7777, 0o600];
const [MAY_READ, MAY_WRITE] = [4, 2];
/** For a volume without a quota on servers that do not say what room they have. */
const PLENTY = 2 ** 32;
const NOREPLACE = 1;

export async function lookup(state: MountState, request: KernelRequest): Promise<Buffer> {
  const name = request.name();
  const parent = state.nodeOf(request);
  if (parent === state.nodes.root && name.startsWith('...')) {
    const own = ownEntry(state, request, name);
    if (own) return own;
  }
  const path = state.pathIn(parent, name);
  const [status] = await Promise.all([
    state.filesFor(request).lstat(path),
    state.venus.learn(request.uid),
  ]).catch((error: unknown) => {
    // What is open here may be stored there again.
    if (isErrno(error, 'ENOENT') && !parent.children.get(name)?.open) state.nodes.removed(parent, name);
    throw error;
  });
  return entryAnswer(state.entry(state.nodes.found(parent, name, status)));
}

/** What is in the root of the mount, and in no Coda. */
function ownEntry(state: MountState, { uid }: KernelRequest, name: string): Buffer | undefined {
  if (PioctlFiles.isName(name)) {
    const file = state.pioctls.conjure(name, uid, () => state.nodes.newId());
    return pioctlEntry(state, file);
  }
  if (name !== SOCKET_LINK) return undefined;
  if (uid !== state.venus.place.ownUid) failWith('EACCES');
  const attributes = socketLinkAttributes(state);
  return entryAnswer({ node: state.socketLink, attributes, validFor: 0 });
}

export function pioctlEntry(state: MountState, file: PioctlFile): Buffer {
  return entryAnswer({ node: file.id, attributes: pioctlAttributes(state, file), validFor: 0 });
}

export function pioctlAttributes({ gid }: MountState, { id, uid, bytes }: PioctlFile) {
  const mode = TypeBits.file | OWN_ONLY;
  return { inode: id, size: bytes.length, modified: Date.now(), mode, linkCount: 1, uid, gid };
}

function socketLinkAttributes({ venus, gid, socketLink }: MountState) {
  const { socket, ownUid: uid } = venus.place;
  const [mode, size] = [TypeBits.symlink | OWN_ONLY, encodeText(socket).length];
  return { inode: socketLink, size, modified: 0, mode, linkCount: 1, uid, gid };
}

export async function getattr(state: MountState, request: KernelRequest): Promise<Buffer> {
  const pioctl = state.pioctls.find(request.node);
  if (pioctl) return attributesAnswer(pioctlAttributes(state, pioctl), 0);
  if (request.node === state.socketLink) return attributesAnswer(socketLinkAttributes(state), 0);
  const node = state.nodeOf(request);
  await state.venus.learn(request.uid);
  await state.look(node, state.filesFor(request)).catch((error: unknown) => {
    // The mount itself can be looked at while no venus answers.
    if (node !== state.nodes.root) throw error;
  });
  return attributesAnswer(state.attributes(node), VALID_FOR);
}

export async function readlink(state: MountState, request: KernelRequest): Promise<Uint8Array> {
  if (request.node === state.socketLink) {
    if (request.uid !== state.venus.place.ownUid) failWith('EACCES');
    return encodeText(state.venus.place.socket);
  }
  return encodeText(await state.filesFor(request).readlink(state.pathOf(state.nodeOf(request))));
}

export async function mkdir(state: MountState, request: KernelRequest): Promise<Buffer> {
  const mode = request.u32() & PERMISSIONS;
  request.skip(4);
  return made(state, request, request.name(), 'mkdir', { mode });
}

export async function symlink(state: MountState, request: KernelRequest): Promise<Buffer> {
  const name = request.name();
  return made(state, request, name, 'symlink', { target: request.name() });
}

export async function link(state: MountState, request: KernelRequest): Promise<Buffer> {
  const existing = state.nodes.find(request.u64()) ?? failWith('ESTALE');
  return made(state, request, request.name(), 'link', { existing: state.pathOf(existing) });
}

async function made(
  state: MountState,
  request: KernelRequest,
  name: string,
  operation: 'mkdir' | 'symlink' | 'link',
  how: Readonly<Record<string, string | number>>,
): Promise<Buffer> {
  const parent = state.nodeOf(request);
  const path = state.pathIn(parent, name);
  const status = await state.filesFor(request).changed(operation, { path, ...how });
  await state.venus.learn(request.uid);
  return entryAnswer(state.entry(state.nodes.found(parent, name, status)));
}

export async function remove(state: MountState, request: KernelRequest): Promise<undefined> {
  const name = request.name();
  const parent = state.nodeOf(request);
  await state.filesFor(request).remove(state.pathIn(parent, name));
  state.nodes.unlinked(parent, name);
}

export async function rename(state: MountState, request: KernelRequest): Promise<undefined> {
  const target = request.u64();
  return move(state, request, target, request.name(), request.name());
}

export async function renameWithFlags(state: MountState, request: KernelRequest): Promise<undefined> {
  const [target, flags] = [request.u64(), request.u32()];
  request.skip(4);
  const [from, to] = [request.name(), request.name()];
  if ((flags & ~NOREPLACE) !== 0) failWith('EINVAL');
  if (flags === NOREPLACE) await expectNothing(state, request, target, to);
  return move(state, request, target, from, to);
}

async function expectNothing(
  state: MountState,
  request: KernelRequest,
  directory: number,
  name: string,
): Promise<void> {
  const parent = state.nodes.find(directory) ?? failWith('ESTALE');
  const found = await state
    .filesFor(request)
    .lstat(state.pathIn(parent, name))
    .catch(() => undefined);
  if (found) failWith('EEXIST');
}

async function move(
  state: MountState,
  request: KernelRequest,
  targetId: number,
  from: string,
  to: string,
): Promise<undefined> {
  const [source, target] = [state.nodeOf(request), state.nodes.find(targetId) ?? failWith('ESTALE')];
  await state.filesFor(request).rename(state.pathIn(source, from), state.pathIn(target, to));
  state.nodes.renamed(source, from, target, to);
}

export async function access(state: MountState, request: KernelRequest): Promise<undefined> {
  const mask = request.u32();
  if (state.pioctls.find(request.node) || request.node === state.socketLink) return;
  const node: Node = state.nodeOf(request);
  if (node === state.nodes.root || (mask & (MAY_READ | MAY_WRITE)) === 0) return;
  const [path, files] = [state.pathOf(node), state.filesFor(request)];
  if ((mask & MAY_READ) !== 0) await files.checkAccess(path, 'read');
  if ((mask & MAY_WRITE) !== 0) await files.checkAccess(path, 'write');
}

/** The room in the volume that an object is in: what its quota leaves. */
export async function statfs(state: MountState, request: KernelRequest): Promise<Buffer> {
  const node = state.nodes.find(request.node) ?? state.nodes.root;
  const path = state.nodes.pathOf(node) ?? ROOT;
  if (path === ROOT) return spaceAnswer({ blockSize: BLOCK, blocks: PLENTY, free: PLENTY });
  const pioctls = { pioctl: state.venus.pioctl.bind(state.venus, request.uid) };
  const { status } = await call(pioctls, getVolumeStatus, path, false);
  const { maxQuota, blocksUsed, partitionBlocks, partitionBlocksAvailable } = status;
  if (maxQuota === 0) {
    const [blocks, free] =
      partitionBlocks > 0 ? [partitionBlocks, partitionBlocksAvailable] : [PLENTY, PLENTY];
    return spaceAnswer({ blockSize: BLOCK, blocks, free });
  }
  return spaceAnswer({ blockSize: BLOCK, blocks: maxQuota, free: Math.max(0, maxQuota - blocksUsed) });
}
