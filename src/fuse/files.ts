/** Contents: whole files, fetched when they are opened and stored when they are closed. */
import { constants } from 'node:fs';
import { isErrno } from '../ipc/errors.ts';
import type { HttpFiles } from '../ipc/socket/httpFiles.ts';
import type { Container } from './container.ts';
import { failWith } from './failure.ts';
import type { FileHandle } from './handles.ts';
import {
  attributesAnswer,
  createdAnswer,
  entryAnswer,
  openedAnswer,
  writtenAnswer,
} from './kernel/answers.ts';
import { OpenFlag, Setting } from './kernel/opcodes.ts';
import type { KernelRequest } from './kernel/request.ts';
import { type MountState, VALID_FOR } from './mountState.ts';
import type { Node } from './nodes.ts';
import { pioctlAttributes } from './objects.ts';
import { OpenFile } from './openFile.ts';
import { logFailure } from './log.ts';
import { isOfOther } from './threads.ts';

const { O_WRONLY, O_RDWR, O_TRUNC, O_EXCL } = constants;
const PERMISSIONS = 0o7777;
/** Of a write: it comes from pages that were changed in memory. */
const FROM_MAPPING = 1;
const NOTHING = new Uint8Array(0);

/** Who wants to do what with a file. */
interface Asked {
  readonly files: HttpFiles;
  readonly uid: number;
  readonly isWriter: boolean;
  readonly truncates: boolean;
}

export async function open(state: MountState, request: KernelRequest): Promise<Buffer> {
  const flags = request.u32();
  const pioctl = state.pioctls.find(request.node);
  if (pioctl) {
    const gone = new AbortController();
    state.interruptible.set(request.unique, gone);
    try {
      await state.pioctls.open(pioctl, request.uid, flags, gone.signal);
    } finally {
      state.interruptible.delete(request.unique);
    }
    const isReader = (flags & (O_WRONLY | O_RDWR)) !== O_WRONLY;
    return openedAnswer(state.handles.add({ kind: 'pioctl', file: pioctl, isReader }), OpenFlag.DirectIo);
  }
  if (request.node === state.socketLink) failWith('ELOOP');
  const opened = await openNode(state, state.nodeOf(request), asked(state, request, flags));
  return openedAnswer(opened.handle, opened.flags);
}

export async function create(state: MountState, request: KernelRequest): Promise<Buffer> {
  const [flags, mode] = [request.u32(), request.u32() & PERMISSIONS];
  const name = request.skip(8).name();
  const parent = state.nodeOf(request);
  const wanted = asked(state, request, flags);
  const path = state.pathIn(parent, name);
  await state.venus.learn(request.uid);
  try {
    const status = await wanted.files.store(path, NOTHING, { mode, exclusive: true });
    const node = state.nodes.found(parent, name, status);
    const entry = state.entry(node);
    node.open = new OpenFile(state.containers.make(), status.version);
    node.cachedVersion = status.version;
    const opened = grant(state, node, node.open, wanted);
    return createdAnswer(entry, opened, 0);
  } catch (error) {
    // Somebody else was faster: then it is his file that is opened.
    if (!isErrno(error, 'EEXIST') || (flags & O_EXCL) !== 0) throw error;
    const node = state.nodes.found(parent, name, await wanted.files.lstat(path));
    const opened = await openNode(state, node, wanted);
    return createdAnswer(state.entry(node), opened.handle, opened.flags);
  }
}

/** An empty file; of other kinds Coda has none. */
export async function mknod(state: MountState, request: KernelRequest): Promise<Buffer> {
  const mode = request.u32();
  const name = request.skip(12).name();
  const parent = state.nodeOf(request);
  if ((mode & 0o170000) !== 0o100000 && (mode & 0o170000) !== 0) failWith('EPERM');
  const options = { mode: mode & PERMISSIONS, exclusive: true };
  const status = await state.filesFor(request).store(state.pathIn(parent, name), NOTHING, options);
  return entryAnswer(state.entry(state.nodes.found(parent, name, status)));
}

export function read(state: MountState, request: KernelRequest): Uint8Array {
  const handle = state.handles.find(request.u64());
  const [offset, length] = [request.u64(), request.u32()];
  if (handle?.kind === 'pioctl') return handle.file.bytes.subarray(offset, offset + length);
  if (handle?.kind !== 'file') return failWith('EBADF');
  return handle.file.container.read(offset, length);
}

export function write(state: MountState, request: KernelRequest): Buffer {
  const handle = state.handles.find(request.u64());
  const [offset, length] = [request.u64(), request.u32()];
  const flags = request.u32();
  const bytes = request.skip(16).bytes(length);
  const thread = (flags & FROM_MAPPING) === 0 ? request.thread : undefined;
  if (handle?.kind === 'pioctl') handle.file.write(bytes, offset);
  else if (handle?.kind === 'file') handle.file.write(bytes, offset, thread);
  else failWith('EBADF');
  return writtenAnswer(length);
}

/**
 * At each close of a descriptor: what was written goes to venus, and what comes of it to who closes. The close of a process
 * that has only inherited the descriptor is not the one to store at, while the one that wrote still has it.
 */
export async function flush(state: MountState, request: KernelRequest): Promise<undefined> {
  const handle = state.handles.find(request.u64());
  if (handle?.kind !== 'file' || !handle.isWriter || !handle.file.isDirty) return;
  const { writer } = handle.file;
  if (writer !== undefined && isOfOther(writer, request.thread)) return;
  await storeInTurn(state, handle);
}

export async function fsync(state: MountState, request: KernelRequest): Promise<undefined> {
  const handle = state.handles.find(request.u64());
  if (handle?.kind === 'file' && handle.file.isDirty) await storeInTurn(state, handle);
}

/** After the last close. Only what was written through a mapping is stored here; nobody is there to be told of a failure. */
export async function release(state: MountState, request: KernelRequest): Promise<undefined> {
  const handle = state.handles.remove(request.u64());
  if (handle?.kind === 'pioctl' && handle.isReader) state.pioctls.destroy(handle.file);
  if (handle?.kind !== 'file') return;
  const { node, file, isWriter } = handle;
  try {
    if (isWriter && file.isDirty) await storeInTurn(state, handle);
  } catch (error) {
    logFailure(`${state.nodes.pathOf(node) ?? 'a removed file'} could not be stored`, error);
  }
  if (isWriter) file.writers -= 1;
  else file.readers -= 1;
  letGo(node, file);
}

export async function setattr(state: MountState, request: KernelRequest): Promise<Buffer> {
  const valid = request.u32();
  const handle = state.handles.find(request.skip(4).u64());
  const size = request.u64();
  const modified = request.skip(16).i64();
  const modifiedNanoseconds = request.skip(12).u32();
  const mode = request.skip(4).u32();
  const owner = request.skip(4).u32();
  const pioctl = state.pioctls.find(request.node);
  if (pioctl) {
    if ((valid & Setting.Size) !== 0) pioctl.bytes = pioctl.bytes.subarray(0, size);
    return attributesAnswer(pioctlAttributes(state, pioctl), 0);
  }
  const node = state.nodeOf(request);
  const files = state.filesFor(request);
  await state.venus.learn(request.uid);
  if ((valid & Setting.Size) !== 0) {
    const isHeld = (valid & Setting.Handle) !== 0 && handle?.kind === 'file' && handle.isWriter;
    if (isHeld) handle.file.truncate(size);
    else
      await truncate(state, node, { files, uid: request.uid, isWriter: true, truncates: size === 0 }, size);
  }
  const time =
    (valid & Setting.Modified) === 0
      ? undefined
      : (valid & Setting.ModifiedNow) !== 0
        ? Date.now()
        : // Coda has no times before 1970.
          Math.max(0, modified * 1000 + Math.floor(modifiedNanoseconds / 1_000_000));
  const coda = (valid & Setting.Owner) === 0 ? undefined : state.venus.ownerOf(owner);
  const change = {
    ...((valid & Setting.Mode) === 0 ? {} : { mode: mode & PERMISSIONS }),
    ...(coda === undefined || coda === (node.status.owner | 0) ? {} : { owner: coda >>> 0 }),
    ...(time === undefined ? {} : { modified: time }),
  };
  if (Object.keys(change).length > 0) await changeStatus(state, node, files, change);
  else await state.look(node, files);
  return attributesAnswer(state.attributes(node), VALID_FOR);
}

/** A time of what was written and is not stored yet is stored with it. */
async function changeStatus(
  state: MountState,
  node: Node,
  files: HttpFiles,
  change: { readonly mode?: number; readonly owner?: number; readonly modified?: number },
): Promise<void> {
  await node.turn.run(async () => {
    if (node.isRemoved) {
      node.status = { ...node.status, ...change };
      return;
    }
    const { open } = node;
    const { modified, ...others } = change;
    if (open?.isDirty && modified !== undefined) open.modified = modified;
    const now = open?.isDirty ? others : change;
    if (Object.keys(now).length === 0) return;
    const before = node.status.version;
    node.status = await files.changed('setattr', { path: state.pathOf(node), follow: 0, ...now });
    // What changed are attributes: the contents are those that are here.
    if (open && !open.isDirty && open.version === before) open.version = node.status.version;
    if (node.cachedVersion === before) node.cachedVersion = node.status.version;
  });
}

function asked(state: MountState, request: KernelRequest, flags: number): Asked {
  const isWriter = (flags & (O_WRONLY | O_RDWR)) !== 0;
  const truncates = (flags & O_TRUNC) !== 0;
  return { files: state.filesFor(request), uid: request.uid, isWriter, truncates };
}

async function openNode(
  state: MountState,
  node: Node,
  wanted: Asked,
): Promise<{ readonly handle: number; readonly flags: number }> {
  return node.turn.run(async () => {
    const { file, keepsPages } = await contentsOf(state, node, wanted);
    return { handle: grant(state, node, file, wanted), flags: keepsPages ? OpenFlag.KeepCache : 0 };
  });
}

function grant(state: MountState, node: Node, file: OpenFile, { isWriter, uid }: Asked): number {
  if (isWriter) file.writers += 1;
  else file.readers += 1;
  return state.handles.add({ kind: 'file', node, file, isWriter, uid });
}

/** What is open already, if it is what venus has or what somebody writes here; else it is fetched. */
async function contentsOf(
  state: MountState,
  node: Node,
  { files, isWriter, truncates }: Asked,
): Promise<{ readonly file: OpenFile; readonly keepsPages: boolean }> {
  const present = node.open;
  if (node.isRemoved) return { file: present ?? failWith('ENOENT'), keepsPages: true };
  const path = state.pathOf(node);
  if (truncates) {
    await files.checkAccess(path, 'write');
    const file = present ?? new OpenFile(state.containers.make(), undefined);
    file.truncate(0);
    node.open = file;
    return { file, keepsPages: false };
  }
  // What is written here goes on being what all see who open it here.
  const isWritten = present !== undefined && (present.writers > 0 || present.isDirty);
  const known = isWritten ? 'any' : present?.version;
  const { status, contents } = await files.open(path, isWriter ? 'write' : 'read', known);
  const file = contents
    ? new OpenFile(await filled(state, contents), status.version)
    : (present ?? failWith('EIO'));
  if (status.identity !== node.status.identity) {
    letGo(node, file);
    failWith('ESTALE');
  }
  node.status = status;
  if (!contents) return { file, keepsPages: true };
  const keepsPages = status.version !== undefined && node.cachedVersion === status.version;
  node.cachedVersion = status.version;
  node.open = file;
  return { file, keepsPages };
}

async function filled(state: MountState, contents: AsyncIterable<Uint8Array>): Promise<Container> {
  const container = state.containers.make();
  try {
    await container.fill(contents);
    return container;
  } catch (error) {
    container.close();
    throw error;
  }
}

/** By a name: it is stored at once, unless somebody has it open to write. */
async function truncate(state: MountState, node: Node, wanted: Asked, size: number): Promise<void> {
  await node.turn.run(async () => {
    const { file } = await contentsOf(state, node, wanted);
    file.truncate(size);
    try {
      if (file.writers === 0) await store(state, node, file, wanted.files);
    } finally {
      letGo(node, file);
    }
  });
}

async function storeInTurn(state: MountState, { node, file, uid }: FileHandle): Promise<void> {
  await node.turn.run(async () => {
    if (file.isDirty) await store(state, node, file, state.venus.filesOf(uid));
  });
}

async function store(state: MountState, node: Node, file: OpenFile, files: HttpFiles): Promise<void> {
  await file.storeWith(async () => {
    // What was removed while it was open needs no place in Coda.
    if (node.isDiscarded) return undefined;
    if (node.isRemoved) failWith('ESTALE');
    const options = { mode: node.status.mode, exclusive: false, modified: file.modified };
    node.status = await files.store(state.pathOf(node), file.container.contents(), options);
    node.cachedVersion = node.status.version;
    return node.status.version;
  });
}

/** What nobody has open any more is not kept here: venus does. */
function letGo(node: Node, file: OpenFile): void {
  if (file.isOpen) return;
  file.container.close();
  if (node.open === file) node.open = undefined;
}
