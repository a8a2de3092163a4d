import { opendir, readdir, releasedir } from './directories.ts';
import { errnoOf } from './failure.ts';
import { create, flush, fsync, mknod, open, read, release, setattr, write } from './files.ts';
import type { KernelChannel } from './kernel/channel.ts';
import { Opcode } from './kernel/opcodes.ts';
import type { KernelRequest } from './kernel/request.ts';
import { logFailure } from './log.ts';
import type { MountState } from './mountState.ts';
import * as objects from './objects.ts';

/** Resolves with the body of the answer, if it has one. */
type Operation = (
  state: MountState,
  request: KernelRequest,
) => Promise<Uint8Array | undefined> | Uint8Array | undefined;

const [ENOSYS, EIO] = [38, 5];
const nothing: Operation = () => undefined;

const operations = new Map<number, Operation>([
  [Opcode.Lookup, objects.lookup],
  [Opcode.Getattr, objects.getattr],
  [Opcode.Setattr, setattr],
  [Opcode.Readlink, objects.readlink],
  [Opcode.Symlink, objects.symlink],
  [Opcode.Mknod, mknod],
  [Opcode.Mkdir, objects.mkdir],
  [Opcode.Unlink, objects.remove],
  [Opcode.Rmdir, objects.remove],
  [Opcode.Rename, objects.rename],
  [Opcode.Rename2, objects.renameWithFlags],
  [Opcode.Link, objects.link],
  [Opcode.Open, open],
  [Opcode.Create, create],
  [Opcode.Read, read],
  [Opcode.Write, write],
  [Opcode.Flush, flush],
  [Opcode.Fsync, fsync],
  [Opcode.Release, release],
  [Opcode.Statfs, objects.statfs],
  [Opcode.Opendir, opendir],
  [Opcode.Readdir, readdir],
  [Opcode.Releasedir, releasedir],
  [Opcode.Fsyncdir, nothing],
  [Opcode.Access, objects.access],
  [Opcode.Destroy, nothing],
]);

/** Requests that are not answered. */
const notices = new Map<number, (state: MountState, request: KernelRequest) => void>([
  [Opcode.Forget, (state, request) => state.nodes.forgotten(request.node, request.u64())],
  [Opcode.BatchForget, forgetMany],
  [Opcode.Interrupt, (state, request) => state.interruptible.get(request.u64())?.abort()],
]);

/** Does what the kernel asks, and answers it. */
export function serve(state: MountState, request: KernelRequest, channel: KernelChannel): void {
  const notice = notices.get(request.opcode);
  if (notice) {
    notice(state, request);
    return;
  }
  const operation = operations.get(request.opcode);
  if (!operation) {
    channel.fail(request.unique, ENOSYS);
    return;
  }
  const fail = (error: unknown) => channel.fail(request.unique, told(request, error));
  try {
    const result = operation(state, request);
    if (result instanceof Promise) result.then((body) => channel.answer(request.unique, body), fail);
    else channel.answer(request.unique, result);
  } catch (error) {
    fail(error);
  }
}

function told(request: KernelRequest, error: unknown): number {
  const known = errnoOf(error);
  if (known === undefined) logFailure(`request ${request.opcode}`, error);
  return known ?? EIO;
}

function forgetMany(state: MountState, request: KernelRequest): void {
  const count = request.u32();
  request.skip(4);
  for (let done = 0; done < count; done++) {
    const node = request.u64();
    state.nodes.forgotten(node, request.u64());
  }
}
