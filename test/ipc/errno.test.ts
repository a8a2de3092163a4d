import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type ErrnoName, errno, errnoName, errnoOfCode, errnoText } from '../../src/ipc/errno.ts';
import { VenusError, VenusUnavailableError, isErrno } from '../../src/ipc/errors.ts';

/** spec/cfs.md, 5: what scripts see. */
const texts: readonly (readonly [number, string, string])[] = [
  [1, 'EPERM', 'Operation not permitted'],
  [2, 'ENOENT', 'No such file or directory'],
  [4, 'EINTR', 'Interrupted system call'],
  [5, 'EIO', 'Input/output error'],
  [6, 'ENXIO', 'No such device or address'],
  [7, 'E2BIG', 'Argument list too long'],
  [9, 'EBADF', 'Bad file descriptor'],
  [11, 'EAGAIN', 'Resource temporarily unavailable'],
  [12, 'ENOMEM', 'Cannot allocate memory'],
  [13, 'EACCES', 'Permission denied'],
  [14, 'EFAULT', 'Bad address'],
  [16, 'EBUSY', 'Device or resource busy'],
  [17, 'EEXIST', 'File exists'],
  [20, 'ENOTDIR', 'Not a directory'],
  [22, 'EINVAL', 'Invalid argument'],
  [24, 'EMFILE', 'Too many open files'],
  [28, 'ENOSPC', 'No space left on device'],
  [30, 'EROFS', 'Read-only file system'],
  [36, 'ENAMETOOLONG', 'File name too long'],
  [40, 'ELOOP', 'Too many levels of symbolic links'],
  [95, 'EOPNOTSUPP', 'Operation not supported'],
  [105, 'ENOBUFS', 'No buffer space available'],
  [107, 'ENOTCONN', 'Transport endpoint is not connected'],
  [109, 'ETOOMANYREFS', 'Too many references: cannot splice'],
  [110, 'ETIMEDOUT', 'Connection timed out'],
  [114, 'EALREADY', 'Operation already in progress'],
  [115, 'EINPROGRESS', 'Operation now in progress'],
  [122, 'EDQUOT', 'Disk quota exceeded'],
  [603, 'VNOVOL', 'Unknown error 603'],
  [658, 'EVOLUME', 'Unknown error 658'],
  [698, 'EINCOMPATIBLE', 'Unknown error 698'],
  [699, 'EINCONS', 'Unknown error 699'],
];

describe('result codes', () => {
  test.each(texts)('%d is %s: %s', (number, name, text) => {
    expect([errnoName(number), errnoText(number)]).toEqual([name, text]);
    expect(errnoOfCode(name)).toBe(number);
  });

  test('have the numbers of this system where it knows their names', () => {
    const known = Object.entries(constants.errno).filter(([name]) => errnoOfCode(name) !== undefined);
    expect(known.length).toBeGreaterThan(35);
    for (const [name, number] of known) expect(errnoOfCode(name), name).toBe(number);
  });

  test('that nobody knows keep their number', () => {
    expect([errnoName(155), errnoText(155)]).toEqual(['errno 155', 'Unknown error 155']);
    expect(errnoOfCode('ERR_INVALID_ARG_VALUE')).toBeUndefined();
    expect(errnoOfCode('constructor')).toBeUndefined();
  });
});

describe("venus's answer as an error", () => {
  test('has the classic text as its message and knows its name', () => {
    const error = new VenusError(13, { why: 'because', next: 'do this' });
    expect(error.message).toBe('Permission denied');
    expect([error.code, error.errno, error.errnoName]).toEqual(['errno', 13, 'EACCES']);
    expect([error.name, error.why, error.next]).toEqual(['VenusError', 'because', 'do this']);
  });

  test('is told apart by names, and from errors of other kinds', () => {
    const names: readonly ErrnoName[] = ['ENOENT', 'EACCES'];
    expect(isErrno(new VenusError(errno('EACCES')), ...names)).toBe(true);
    expect(isErrno(new VenusError(errno('EPERM')), ...names)).toBe(false);
    expect(isErrno(new VenusUnavailableError('Permission denied'), ...names)).toBe(false);
    expect(isErrno(undefined, ...names)).toBe(false);
  });
});
