import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExitStatus, UsageError, combineStatus, exitStatusOf } from '../../src/commands/exitStatus.ts';
import { type ErrnoName, errno } from '../../src/ipc/errno.ts';
import {
  BadPathError,
  ConfigurationError,
  InUseError,
  NotCodaPathError,
  ProtocolError,
  RefusedError,
  TimeLimitError,
  UnsupportedError,
  VenusError,
  VenusUnavailableError,
} from '../../src/ipc/errors.ts';
import { InterruptedError } from '../../src/term/prompts.ts';

describe('the exit status', () => {
  test.each([
    [2, new UsageError('x')],
    [2, new ConfigurationError('x')],
    [2, new NotCodaPathError('x')],
    [2, new BadPathError('x')],
    [3, new VenusUnavailableError('x')],
    [5, new TimeLimitError('x')],
    [7, new RefusedError('wrong-password', 'x')],
    [1, new RefusedError('unknown-user', 'x')],
    [1, new RefusedError('unknown-realm', 'x')],
    [1, new ProtocolError('x')],
    [1, new UnsupportedError('x')],
    [1, new InUseError('x')],
    [130, new InterruptedError()],
    [1, new Error('x')],
    [1, 'thrown'],
    [1, undefined],
  ])('is %s for %s', (status, error) => {
    expect(exitStatusOf(error)).toBe(status);
  });

  const byErrno: readonly (readonly [number, ErrnoName])[] = [
    [4, 'ENOTCONN'],
    [5, 'ETIMEDOUT'],
    [5, 'EAGAIN'],
    [7, 'EACCES'],
    [7, 'EPERM'],
    [1, 'ENOENT'],
    [1, 'EIO'],
    [1, 'EVOLUME'],
  ];
  test.each(byErrno)('is %s for %s', (status, name) => {
    expect(exitStatusOf(new VenusError(errno(name)))).toBe(status);
  });
});

describe('the exit status of several things', () => {
  const status = fc.constantFrom(...Object.values(ExitStatus));

  test('is done where there was nothing to do', () => {
    expect(combineStatus([])).toBe(0);
  });

  test('is that of all where they agree', () => {
    fc.assert(
      fc.property(status, fc.integer({ min: 1, max: 9 }), (each, count) => {
        expect(combineStatus(Array.from({ length: count }, () => each))).toBe(each);
      }),
    );
  });

  test('is 1, done only in part, where they differ', () => {
    fc.assert(
      fc.property(fc.array(status), (statuses) => {
        fc.pre(new Set(statuses).size > 1);
        expect(combineStatus(statuses)).toBe(1);
      }),
    );
  });
});
