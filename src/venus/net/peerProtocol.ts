/** What the servers of a volume ask each other. */
import type { Fid } from '../../ipc/fid.ts';
import type { StoreId, VersionVector } from '../../ipc/versionVector.ts';
import type { LoggedUpdate, NamedFid } from '../server/resolution/loggedUpdate.ts';
import type { MergeConflict } from '../server/resolution/mergePlan.ts';
import type { NumberedUpdate } from '../server/resolution/resolutionLog.ts';
import type { Vnode } from '../tree/vnodes.ts';
import type { VolumeRecord, VolumeSettings } from '../tree/volumeRecord.ts';
import type { FileProtocol } from './fileProtocol.ts';
import type { Nothing } from './link.ts';

export interface PeerProtocol {
  /** Answers as long as the server runs. */
  readonly probe: { request: Nothing; reply: Nothing };

  /**
   * Keeps all others from changing a volume, until it is unlocked or the holder has said nothing for too long. EAGAIN
   * while another holds it, ENXIO where the volume is not there.
   */
  readonly lockVolume: { request: Locked; reply: VolumeRecord };
  /** To be said again and again while it is held. EAGAIN if it is not held any more. */
  readonly renewLock: { request: Locked; reply: Nothing };
  readonly unlockVolume: { request: Locked; reply: Nothing };

  readonly readLog: {
    request: { readonly volume: number; readonly after: number; readonly limit: number };
    reply: readonly NumberedUpdate[];
  };
  /** Which of some updates it knows to be at all servers. */
  readonly concludedAmong: {
    request: { readonly volume: number; readonly storeIds: readonly StoreId[] };
    reply: readonly StoreId[];
  };
  /** Objects without contents of files; nothing where there is none. */
  readonly readObjects: {
    request: { readonly fids: readonly Fid[] };
    reply: readonly (Vnode | undefined)[];
  };
  /** What names stand for; nothing where there is no such name. */
  readonly readNames: {
    request: { readonly names: readonly { readonly directory: Fid; readonly name: string }[] };
    reply: readonly (Fid | undefined)[];
  };
  /** Objects whose replicas could not be merged. */
  readonly listInconsistent: { request: { readonly volume: number }; reply: readonly Fid[] };
  /** Objects whose version was set back, for they are lost or damaged there. */
  readonly listRunts: { request: { readonly volume: number }; reply: readonly Fid[] };
  /** A directory, and a digest of its names and what they stand for; nothing if it is not there. */
  readonly summarise: {
    request: { readonly directory: Fid };
    reply: DirectorySummary | undefined;
  };

  /** Contents of a file, as FileProtocol's of the same name, for a server. */
  readonly openFetch: {
    request: { readonly fid: Fid };
    reply: FileProtocol['openFetch']['reply'];
  };
  readonly fetchFragment: FileProtocol['fetchFragment'];
  readonly closeFetch: FileProtocol['closeFetch'];
  readonly openStore: FileProtocol['openStore'];
  readonly storeFragment: FileProtocol['storeFragment'];
  readonly finishStore: FileProtocol['finishStore'];
  readonly abandonStore: FileProtocol['abandonStore'];

  /** Sends a part of what a resolution has come to ahead, where it is too much for one message. EAGAIN as for applyResolution. */
  readonly stageResolution: { request: Locked & { readonly part: SiteResult }; reply: Nothing };
  /** Performs what a resolution has come to, with the parts sent ahead, as a whole or not at all. EAGAIN if the volume is not locked for it any more. */
  readonly applyResolution: { request: Locked & { readonly result: SiteResult }; reply: Nothing };

  /** Takes quotas and messages over that were set later than its own. EAGAIN as for applyResolution. */
  readonly adoptSettings: { request: Locked & { readonly settings: VolumeSettings }; reply: Nothing };

  /** Makes a volume that the server has lost; it serves nobody before the end. */
  readonly beginRestore: { request: { readonly record: VolumeRecord }; reply: Nothing };
  readonly restoreObjects: {
    request: {
      readonly volume: number;
      readonly objects: readonly SentObject[];
      readonly names: readonly NamedFid[];
    };
    reply: Nothing;
  };
  /** A part of the log of the volume, in its order. */
  readonly restoreLog: {
    request: { readonly volume: number; readonly updates: readonly LoggedUpdate[] };
    reply: Nothing;
  };
  readonly endRestore: {
    request: { readonly volume: number } & History;
    reply: Nothing;
  };
  /** Objects of a volume by their vnode numbers, those after one. */
  readonly listObjects: {
    request: { readonly volume: number; readonly after: number; readonly limit: number };
    reply: readonly Vnode[];
  };
  readonly readHistory: { request: { readonly volume: number }; reply: History };
  readonly listNames: {
    request: { readonly directory: Fid; readonly after: string | undefined; readonly limit: number };
    reply: readonly NamedFid[];
  };
}

interface Locked {
  readonly volume: number;
  /** Who resolves; another one for each resolution. */
  readonly holder: string;
}

/** What a server remembers of updates that are not in its log. */
export interface History {
  /** The last update of each client. */
  readonly performed: readonly StoreId[];
  /** Updates that all servers have, though not all may know that. */
  readonly concluded: readonly StoreId[];
}

export interface DirectorySummary {
  readonly vnode: Vnode;
  readonly digest: string;
}

/** An object as another server has it; of a file with contents, the handle under which they were sent ahead. */
export interface SentObject {
  readonly vnode: Vnode;
  readonly handle: number | undefined;
}

export type SiteStep =
  | ({ readonly step: 'leave' | 'enter' } & NamedFid)
  | { readonly step: 'drop'; readonly fid: Fid }
  /** Counts anew what an object counts of names: links, entries and the room that these take. */
  | { readonly step: 'count'; readonly fid: Fid }
  | { readonly step: 'make' | 'copy'; readonly object: SentObject };

/** What a resolution has come to at one server. */
export interface SiteResult {
  readonly steps: readonly SiteStep[];
  readonly learned: readonly LoggedUpdate[];
  readonly versions: readonly {
    readonly fid: Fid;
    readonly versionVector: VersionVector;
    /** Milliseconds since 1970; absent = as it is. */
    readonly modified?: number;
  }[];
  /** Objects that are in conflict now. */
  readonly inconsistent: readonly Fid[];
  /** Why some of them are, as far as this resolution has found it out. */
  readonly conflicts: readonly MergeConflict[];
  /** Updates that all servers of the volume have. */
  readonly concluded: readonly StoreId[];
  /** The versions are the same at all servers that are resolved, for all that their logs are about. */
  readonly isEven: boolean;
  /** No server has any update in its log that not all have. */
  readonly isComplete: boolean;
}
