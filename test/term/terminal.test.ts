import { beforeEach, describe, expect, test, vi } from 'vitest';
import { OutputClosedError, processTerminal } from '../../src/term/terminal.ts';

/** The system calls: what they would do to this process's own streams is up to the test. */
const system = vi.hoisted(() => ({
  writeSync: vi.fn<(fd: number, bytes: Uint8Array, at: number) => number>(),
  fstatSync: vi.fn<(fd: number) => { rdev: number; isCharacterDevice: () => boolean }>(),
}));
vi.mock('node:fs', () => system);

const failure = (code: string) => Object.assign(new Error(code), { code });

/** What has arrived at each file descriptor. */
const written = new Map<number, string>();

/** A write that takes at most so many bytes. */
function take(atMost: number) {
  return (fd: number, bytes: Uint8Array, at: number): number => {
    const taken = bytes.subarray(at, at + atMost);
    written.set(fd, (written.get(fd) ?? '') + Buffer.from(taken).toString('latin1'));
    return taken.length;
  };
}

function fail(code: string) {
  return (): never => {
    throw failure(code);
  };
}

beforeEach(() => {
  written.clear();
  system.writeSync.mockReset().mockImplementation(take(Infinity));
  system.fstatSync.mockReset();
});

describe('what a tool prints', () => {
  test('goes to stdout and stderr, names as the bytes they are', () => {
    processTerminal.out('ä\udcff\n');
    processTerminal.outBytes(Uint8Array.of(0, 255));
    processTerminal.err('b\n');
    expect([...written]).toEqual([
      [1, '\xc3\xa4\xff\n\0\xff'],
      [2, 'b\n'],
    ]);
  });

  test('arrives whole where each write takes a part', () => {
    system.writeSync.mockImplementation(take(3));
    processTerminal.out('0123456789');
    expect(written.get(1)).toBe('0123456789');
    expect(system.writeSync).toHaveBeenCalledTimes(4);
  });

  test('waits for a pipe that is full', () => {
    system.writeSync
      .mockImplementationOnce(take(2))
      .mockImplementationOnce(fail('EAGAIN'))
      .mockImplementationOnce(fail('EAGAIN'));
    processTerminal.out('0123');
    expect(written.get(1)).toBe('0123');
  });

  test('on stdout ends the tool where nobody reads it any more', () => {
    system.writeSync.mockImplementation(fail('EPIPE'));
    expect(() => processTerminal.out('x')).toThrow(OutputClosedError);
    expect(() => processTerminal.outBytes(Uint8Array.of(1))).toThrow(OutputClosedError);
  });

  test('on stderr changes nothing where nobody reads it any more', () => {
    system.writeSync.mockImplementation(fail('EPIPE'));
    expect(() => processTerminal.err('x')).not.toThrow();
  });

  test('is not lost without a word when the disk is full', () => {
    system.writeSync.mockImplementation(fail('ENOSPC'));
    expect(() => processTerminal.out('x')).toThrow('ENOSPC');
    expect(() => processTerminal.err('x')).toThrow('ENOSPC');
  });
});

describe('a person is at', () => {
  const device = (major: number, isCharacterDevice = true) => ({
    rdev: major * 256 + 3,
    isCharacterDevice: () => isCharacterDevice,
  });

  test.each([
    ['a pseudo-terminal', device(136), true],
    ['a console', device(4), true],
    ['a serial line', device(188), true],
    ['/dev/null', device(1), false],
    ['a disk with the number of a terminal', device(4, false), false],
    ['a pipe or a file', { rdev: 0, isCharacterDevice: () => false }, false],
  ])('%s: %#', (_, stats, expected) => {
    system.fstatSync.mockReturnValue(stats);
    const { outIsTerminal, errIsTerminal, inIsTerminal } = processTerminal;
    expect([outIsTerminal, errIsTerminal, inIsTerminal]).toEqual([expected, expected, expected]);
  });

  test('each stream by itself, and at none that is closed', () => {
    system.fstatSync.mockImplementation((fd) => {
      if (fd === 2) return device(136);
      if (fd === 1) return device(1);
      throw failure('EBADF');
    });
    const { outIsTerminal, errIsTerminal, inIsTerminal } = processTerminal;
    expect([inIsTerminal, outIsTerminal, errIsTerminal]).toEqual([false, false, true]);
  });
});
