import type { HttpFiles } from '../ipc/socket/httpFiles.ts';
import { failWith } from './failure.ts';
import type { DirectoryHandle } from './handles.ts';
import { inodeOf } from './inode.ts';
import { type ListedName, listingAnswer, openedAnswer } from './kernel/answers.ts';
import type { KernelRequest } from './kernel/request.ts';
import type { MountState } from './mountState.ts';
import type { Node } from './nodes.ts';

/** Lists a directory as a whole, so that what is read of it in parts is one state of it. */
export async function opendir(state: MountState, request: KernelRequest): Promise<Buffer> {
  const node = state.nodeOf(request);
  const names = await list(state, node, state.filesFor(request));
  const handle = { kind: 'directory', node, uid: request.uid, names, isFresh: true } as const;
  return openedAnswer(state.handles.add({ ...handle }), 0);
}

export async function readdir(state: MountState, request: KernelRequest): Promise<Buffer> {
  const handle = directoryHandle(state, request.u64());
  const [offset, room] = [request.u64(), request.u32()];
  // Whoever goes back to the beginning wants to see it as it is now.
  if (offset === 0 && !handle.isFresh)
    handle.names = await list(state, handle.node, state.venus.filesOf(handle.uid));
  handle.isFresh = false;
  return listingAnswer(handle.names, offset, room);
}

export function releasedir(state: MountState, request: KernelRequest): undefined {
  state.handles.remove(request.u64());
}

async function list(state: MountState, node: Node, files: HttpFiles): Promise<readonly ListedName[]> {
  const above = node.parent ?? node;
  const names: ListedName[] = [
    { name: '.', type: 'directory', inode: inodeOf(node.status.identity) },
    { name: '..', type: 'directory', inode: inodeOf(above.status.identity) },
  ];
  for await (const { name, type, identity } of files.readdir(state.pathOf(node)))
    names.push({ name, type, inode: inodeOf(identity) });
  return names;
}

function directoryHandle(state: MountState, id: number): DirectoryHandle {
  const handle = state.handles.find(id);
  return handle?.kind === 'directory' ? handle : failWith('EBADF');
}
