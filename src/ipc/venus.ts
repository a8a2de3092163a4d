/**
 * The port: everything the tools need of a running cache manager. Two transports stand behind it,
 * src/ipc/mount (a mounted Coda) and src/ipc/socket (the embedded venus).
 */
import type { StoreId } from './versionVector.ts';
import type { PioctlRequest } from './framing.ts';
import type { HttpSession } from './socket/httpSession.ts';
import type { VenusEvent } from './venusEvent.ts';

/** A running cache manager, as the tools see it. */
export interface Venus {
  /**
   * Runs one pioctl; resolves with the reply's body.
   * @throws VenusError with venus's errno; TimeLimitError; VenusUnavailableError
   */
  pioctl(request: PioctlRequest): Promise<Uint8Array>;

  /** The file tree below the Coda root, loaded when it is needed. Paths start at that root, as `/example.org/usr`. */
  files(): Promise<FileTree>;

  /**
   * What happens in venus, until the caller stops reading or venus ends.
   * @throws UnsupportedError for the past of a venus that keeps none
   */
  events(wanted?: WantedEvents): AsyncIterable<VenusEvent>;

  /** The HTTP dialect, for what the port does not have; undefined of a venus that is not an embedded one. */
  http?(): Promise<HttpSession | undefined>;

  close(): Promise<void>;
}

/** Which events: by default the last thousand, then what happens. */
export interface WantedEvents {
  /** Those of the past that happened then or later; milliseconds since 1970. */
  readonly since?: number;
  /** As many of the past at most, the newest. */
  readonly last?: number;
  /** Whether to go on with what happens. */
  readonly follow?: boolean;
}

/** Files below the Coda root, mounted or not. Every method throws VenusError with an errno. */
export interface FileTree {
  /** The object itself: a symbolic link in the last position is not followed. Mount points are crossed. */
  lstat(path: string): Promise<FileStatus>;
  /** The object behind all links, and the path that names it without any. */
  resolve(path: string): Promise<{ readonly path: string; readonly status: FileStatus }>;
  /** Entries in no order, without `.` and `..`. */
  readdir(path: string, options?: ListOptions): AsyncIterable<DirectoryEntry>;
  readlink(path: string): Promise<string>;
  /** The contents of a file, as one version of it. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Replaces or makes a file as a whole: readers see the old contents or the new, never a part. */
  write(path: string, contents: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<void>;
  mkdir(path: string, mode: number): Promise<void>;
  symlink(path: string, target: string): Promise<void>;
  /** A second name for a file, in the same directory. */
  link(existing: string, path: string): Promise<void>;
  /** Replaces what the new name stood for. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, a link or an empty directory. */
  remove(path: string): Promise<void>;
  setattr(path: string, change: AttributeChange): Promise<void>;
}

export interface WriteOptions {
  /** Mode of a file that is made. */
  readonly mode: number;
  /** EEXIST if there is something by that name. */
  readonly exclusive: boolean;
}

/** Where contents are stored together with a time. */
export interface StoreOptions extends WriteOptions {
  /** Milliseconds since 1970; when it is stored if it is not given. */
  readonly modified?: number | undefined;
}

export interface AttributeChange {
  readonly mode?: number;
  /** Coda user id. */
  readonly owner?: number;
  /** Milliseconds since 1970. */
  readonly modified?: number;
}

export type FileType = 'file' | 'directory' | 'symlink';

export interface FileStatus {
  readonly type: FileType;
  /** Bytes. */
  readonly length: number;
  /** Permission bits only. */
  readonly mode: number;
  readonly linkCount: number;
  /** Coda user id on the embedded venus, what the system shows on a mount. */
  readonly owner: number;
  /** Where venus knows it. */
  readonly ownerName?: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Tells objects apart; the same for two names of one object. */
  readonly identity: string;
  /** Another one for other contents, where venus knows it. */
  readonly version?: string;
  /** Contents of the link by which a volume is mounted here, as `#name.`. */
  readonly mountPoint?: string;
}

export interface ListOptions {
  /** Whether entries are to have versions, where venus can tell them without looking at each. */
  readonly withVersions?: boolean;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly type: FileType;
  /** As in {@link FileStatus}. */
  readonly identity: string;
  /** Of the entry itself, not of what is mounted there. */
  readonly version?: ListedVersion;
}

/** An object in its volume, and its last update. */
export interface ListedVersion {
  readonly vnode: number;
  readonly unique: number;
  readonly storeId: StoreId;
}
