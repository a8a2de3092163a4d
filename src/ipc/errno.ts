/** Names and texts of the result codes that venus answers: raw Linux errno, and Coda's own above 500 (spec/cfs.md, 5). */
const table = {
  EPERM: [1, 'Operation not permitted'],
  ENOENT: [2, 'No such file or directory'],
  EINTR: [4, 'Interrupted system call'],
  EIO: [5, 'Input/output error'],
  ENXIO: [6, 'No such device or address'],
  E2BIG: [7, 'Argument list too long'],
  EBADF: [9, 'Bad file descriptor'],
  EAGAIN: [11, 'Resource temporarily unavailable'],
  ENOMEM: [12, 'Cannot allocate memory'],
  EACCES: [13, 'Permission denied'],
  EFAULT: [14, 'Bad address'],
  EBUSY: [16, 'Device or resource busy'],
  EEXIST: [17, 'File exists'],
  EXDEV: [18, 'Invalid cross-device link'],
  ENODEV: [19, 'No such device'],
  ENOTDIR: [20, 'Not a directory'],
  EISDIR: [21, 'Is a directory'],
  EINVAL: [22, 'Invalid argument'],
  EMFILE: [24, 'Too many open files'],
  EFBIG: [27, 'File too large'],
  ENOSPC: [28, 'No space left on device'],
  EROFS: [30, 'Read-only file system'],
  EMLINK: [31, 'Too many links'],
  EPIPE: [32, 'Broken pipe'],
  ENAMETOOLONG: [36, 'File name too long'],
  ENOTEMPTY: [39, 'Directory not empty'],
  ELOOP: [40, 'Too many levels of symbolic links'],
  EOPNOTSUPP: [95, 'Operation not supported'],
  ENOBUFS: [105, 'No buffer space available'],
  ENOTCONN: [107, 'Transport endpoint is not connected'],
  ETOOMANYREFS: [109, 'Too many references: cannot splice'],
  ETIMEDOUT: [110, 'Connection timed out'],
  ECONNREFUSED: [111, 'Connection refused'],
  EALREADY: [114, 'Operation already in progress'],
  EINPROGRESS: [115, 'Operation now in progress'],
  ESTALE: [116, 'Stale file handle'],
  EDQUOT: [122, 'Disk quota exceeded'],
  // Coda's own: glibc has no text for them, and scripts know them by their number.
  VNOVOL: [603, 'Unknown error 603'],
  EVOLUME: [658, 'Unknown error 658'],
  EINCOMPATIBLE: [698, 'Unknown error 698'],
  EINCONS: [699, 'Unknown error 699'],
} as const satisfies Record<string, readonly [number: number, text: string]>;

export type ErrnoName = keyof typeof table;

/** The number of an errno name, as `errno('EACCES')` = 13. */
export function errno(name: ErrnoName): number {
  return table[name][0];
}

/** The symbolic name of a result code, or `errno N` where it has none. */
export function errnoName(number: number): string {
  return find(number)?.[0] ?? `errno ${number}`;
}

/** The text that the C tools print for a result code. */
export function errnoText(number: number): string {
  return find(number)?.[1][1] ?? `Unknown error ${number}`;
}

/** The errno number behind a Node system error's code (`ENOENT`), undefined if it has none here. */
export function errnoOfCode(code: string): number | undefined {
  return Object.entries(table).find(([name]) => name === code)?.[1][0];
}

function find(number: number): [name: string, row: readonly [number: number, text: string]] | undefined {
  return Object.entries(table).find(([, [found]]) => found === number);
}
