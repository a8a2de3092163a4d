import type { HttpFiles } from '../ipc/socket/httpFiles.ts';
import { joinPath } from '../ipc/codaPath.ts';
import type { FileStatus } from '../ipc/venus.ts';
import type { Containers } from './container.ts';
import { failWith } from './failure.ts';
import { Handles } from './handles.ts';
import { inodeOf } from './inode.ts';
import { type Attributes, type Entry, TypeBits } from './kernel/answers.ts';
import type { KernelRequest } from './kernel/request.ts';
import { type Node, Nodes } from './nodes.ts';
import { PioctlFiles } from './pioctlFiles.ts';
import type { VenusSessions } from './venusSessions.ts';

/** Milliseconds for which the kernel goes on with what it knows: what others change shows after that. */
export const VALID_FOR = 100;

/** What a mounted Coda is while it is mounted. */
export class MountState {
  readonly venus: VenusSessions;
  readonly containers: Containers;
  readonly nodes: Nodes;
  readonly handles = new Handles();
  readonly pioctls: PioctlFiles;
  /** Group that everything shows as: Coda has none. */
  readonly gid: number;
  readonly socketLink: number;
  /** What somebody waits for, by the number of his request, while it can be given up. */
  readonly interruptible = new Map<number, AbortController>();

  constructor(venus: VenusSessions, containers: Containers, root: FileStatus, gid: number) {
    this.venus = venus;
    this.containers = containers;
    this.nodes = new Nodes(root);
    this.pioctls = new PioctlFiles(venus);
    this.gid = gid;
    this.socketLink = this.nodes.newId();
  }

  filesFor({ uid }: KernelRequest): HttpFiles {
    return this.venus.filesOf(uid);
  }

  /** @throws VenusError ESTALE for what is not known any more */
  nodeOf({ node }: KernelRequest): Node {
    return this.nodes.find(node) ?? failWith('ESTALE');
  }

  /** @throws VenusError ENOENT for what was removed */
  pathOf(node: Node): string {
    return this.nodes.pathOf(node) ?? failWith('ENOENT');
  }

  /** The path of a name in the directory that a request is about. */
  pathIn(directory: Node, name: string): string {
    return joinPath(this.pathOf(directory), name);
  }

  /** An object as it is now. @throws VenusError ESTALE if its name stands for another one */
  async look(node: Node, files: HttpFiles): Promise<FileStatus> {
    if (node.isRemoved) return { ...node.status, linkCount: 0 };
    const status = await files.lstat(this.pathOf(node));
    if (status.identity !== node.status.identity || status.type !== node.status.type) {
      if (node !== this.nodes.root) failWith('ESTALE');
    }
    node.status = status;
    return status;
  }

  /** What the kernel is told of an object that it asked for by a name. */
  entry(node: Node): Entry {
    node.lookups += 1;
    return { node: node.id, attributes: this.attributes(node), validFor: VALID_FOR };
  }

  /** As the object was last seen; what is written here counts already. */
  attributes(node: Node): Attributes {
    const { type, length, modified, mode, linkCount, owner, identity } = node.status;
    const dirty = node.open?.isDirty ? node.open : undefined;
    return {
      inode: inodeOf(identity),
      size: dirty?.container.length ?? length,
      modified: dirty ? (dirty.modified ?? dirty.container.modified) : modified,
      mode: TypeBits[type] | mode,
      linkCount: node.isRemoved ? 0 : linkCount,
      uid: this.venus.uidOf(owner),
      gid: this.gid,
    };
  }
}
