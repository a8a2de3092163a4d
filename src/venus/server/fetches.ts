import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import type { ContentsDigest, Credentials, FileProtocol } from '../net/fileProtocol.ts';
import type { Containers } from '../store/containers.ts';
import { requireMode, requireRights } from '../tree/access.ts';
import type { Identity } from '../tree/identity.ts';
import type { FileVnode, Vnodes } from '../tree/vnodes.ts';
import { fail } from '../fail.ts';
import { digestOf, openContents } from './contents.ts';
import type { Identities } from './identities.ts';
import type { Transfers } from './transfers.ts';

export interface FetchesOptions {
  readonly vnodes: Vnodes;
  readonly containers: Containers;
  readonly transfers: Transfers;
  readonly identities: Identities;
}

/** Contents on their way to clients: each fetch reads one version of a file. */
export class Fetches {
  readonly #options: FetchesOptions;

  constructor(options: FetchesOptions) {
    this.#options = options;
  }

  /** @throws VenusError ENOENT, EACCES, EISDIR, EINVAL for a link, EMFILE */
  open(credentials: Credentials, fid: Fid): Promise<FileProtocol['openFetch']['reply']> {
    const { identities } = this.#options;
    return this.#open(() => this.#fileToFetch(fid, identities.of(credentials)));
  }

  /** For another server, whose rights nobody asks about. @throws VenusError ENOENT, EISDIR, EMFILE */
  openForPeer(fid: Fid): Promise<FileProtocol['openFetch']['reply']> {
    return this.#open(() => this.#file(fid));
  }

  async #open(find: () => FileVnode): Promise<FileProtocol['openFetch']['reply']> {
    const { containers, transfers } = this.#options;
    const { vnode, file } = await openContents(containers, find);
    const handle = await transfers.begin({ kind: 'fetch', file });
    return { handle, length: vnode.length, storeId: vnode.versionVector.storeId };
  }

  /** @throws VenusError as {@link Fetches.open} */
  async digest({
    credentials,
    fid,
    offset,
    length,
  }: FileProtocol['digest']['request']): Promise<ContentsDigest> {
    const { containers, identities } = this.#options;
    const { file } = await openContents(containers, () => this.#fileToFetch(fid, identities.of(credentials)));
    try {
      return await digestOf(file, offset, length);
    } finally {
      await file?.close();
    }
  }

  async read({ handle, offset, length }: FileProtocol['fetchFragment']['request']): Promise<Uint8Array> {
    const { file } = this.#options.transfers.fetch(handle);
    if (!file) return new Uint8Array(0);
    const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  /** @throws VenusError ESTALE where the fetch is over; EIO */
  async digestOpen(handle: number): Promise<{ readonly sha256: string }> {
    const { file } = this.#options.transfers.fetch(handle);
    const length = (await file?.stat())?.size ?? 0;
    const { sha256 } = await digestOf(file, 0, length);
    return { sha256 };
  }

  async close(handle: number): Promise<void> {
    const { transfers } = this.#options;
    const { file } = transfers.fetch(handle);
    transfers.end(handle);
    await file?.close();
  }

  #fileToFetch(fid: Fid, identity: Identity): FileVnode {
    const vnode = this.#file(fid);
    requireRights(this.#options.vnodes.ruler(vnode), identity, Right.Read);
    requireMode(vnode, 'read');
    return vnode;
  }

  #file(fid: Fid): FileVnode {
    const vnode = this.#options.vnodes.vnode(fid);
    if (vnode.type === 'directory') fail('EISDIR');
    if (vnode.type === 'symlink') fail('EINVAL');
    return vnode;
  }
}
