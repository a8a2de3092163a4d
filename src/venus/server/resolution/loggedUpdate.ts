import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';

/** A name in a directory, and what it stands for. */
export interface NamedFid {
  readonly directory: Fid;
  readonly name: string;
  readonly fid: Fid;
}

/**
 * What one update did to a volume: kept by each server that performed it, for as long as it is not known that all servers
 * of the volume have. It says what differs, not how to do it again: contents and status are taken from a server that has it.
 */
export interface LoggedUpdate {
  readonly storeId: StoreId;
  /** When it was made; milliseconds since 1970. */
  readonly time: number;
  /** Who made it. */
  readonly viceId: number;
  readonly kind: 'make' | 'link' | 'rename' | 'remove' | 'store' | 'status' | 'acl' | 'repair';
  /** Names that it gave. */
  readonly added: readonly NamedFid[];
  /** Names that it took away. */
  readonly removed: readonly NamedFid[];
  /** Objects that began to exist. */
  readonly made: readonly Fid[];
  /** Objects that went with their last name. */
  readonly gone: readonly Fid[];
  /** Files with other contents, mode, owner or time; links and directories with another mode, owner, time or access list. */
  readonly changed: readonly Fid[];
}
