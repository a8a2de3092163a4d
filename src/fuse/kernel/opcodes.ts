/** What the kernel may ask of a file system (linux/fuse.h, protocol 7). Those that are not here are answered ENOSYS. */
export const Opcode = {
  Lookup: 1,
  Forget: 2,
  Getattr: 3,
  Setattr: 4,
  Readlink: 5,
  Symlink: 6,
  Mknod: 8,
  Mkdir: 9,
  Unlink: 10,
  Rmdir: 11,
  Rename: 12,
  Link: 13,
  Open: 14,
  Read: 15,
  Write: 16,
  Statfs: 17,
  Release: 18,
  Fsync: 20,
  Flush: 25,
  Init: 26,
  Opendir: 27,
  Readdir: 28,
  Releasedir: 29,
  Fsyncdir: 30,
  Access: 34,
  Create: 35,
  Interrupt: 36,
  Destroy: 38,
  BatchForget: 42,
  Rename2: 45,
} as const;

/** What a file system does, as the two sides agree at the start. */
export const Capability = {
  AsyncRead: 1 << 0,
  /** O_TRUNC comes with the open, instead of as a change of the size after it. */
  AtomicTruncate: 1 << 3,
  BigWrites: 1 << 5,
  ParallelDirectoryOperations: 1 << 18,
  MaxPages: 1 << 22,
} as const;

/** Which attributes a Setattr sets. */
export const Setting = {
  Mode: 1 << 0,
  Owner: 1 << 1,
  Group: 1 << 2,
  Size: 1 << 3,
  Modified: 1 << 5,
  Handle: 1 << 6,
  ModifiedNow: 1 << 8,
} as const;

/** What the kernel is to do with the pages of an open file. */
export const OpenFlag = { DirectIo: 1 << 0, KeepCache: 1 << 1 } as const;
