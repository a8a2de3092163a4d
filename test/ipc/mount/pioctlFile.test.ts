import {
  lstatSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  closeSync,
  mkdirSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { blockedCalls } from '../../../src/ipc/blockingCalls.ts';
import { pioctlFileName, runPioctlFile } from '../../../src/ipc/mount/pioctlFile.ts';
import { ProtocolError, VenusError, VenusUnavailableError } from '../../../src/ipc/errors.ts';
import {
  type PioctlReply,
  type PioctlRequest,
  encodeReply,
  encodeRequest,
} from '../../../src/ipc/framing.ts';
import { bytesOfText, joinBytes, plain } from '../../support/bytes.ts';
import { PioctlFifo } from '../../support/pioctlFifo.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const NAME = '...PIOCTL.0000002a';
const request: PioctlRequest = {
  name: 'getacl',
  opcode: 2,
  path: '/r.org/usr',
  follow: true,
  input: bytesOfText('in'),
  outSize: 2048,
};

interface Exchange {
  readonly written: Uint8Array;
  readonly value?: PioctlReply;
  readonly error?: unknown;
}

/** Runs the request against a FIFO that answers with the parts, and gives what the client wrote. */
async function exchange(...parts: readonly Uint8Array[]): Promise<Exchange> {
  const fifo = new PioctlFifo(temporary(NAME));
  const settled = runPioctlFile(fifo.file, request).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const written = await fifo.takeRequest();
  await fifo.answer(...parts);
  return { written, ...(await settled) };
}

describe('the name of a pioctl file', () => {
  test.each([
    [0, '...PIOCTL.00000000'],
    [42 / 2 ** 32, '...PIOCTL.0000002a'],
    [0.5, '...PIOCTL.80000000'],
    [1 - 2 ** -53, '...PIOCTL.ffffffff'],
  ])('for the random number %d is %s', (random, name) => {
    expect(pioctlFileName(() => random)).toBe(name);
  });
});

describe('a pioctl through a file', () => {
  test('writes the request, and reads the answer from the same file', async () => {
    const body = bytesOfText('1\n0\nSystem:AnyUser\t9\n\0');
    const found = await exchange(encodeReply({ errno: 0, body }));
    expect(found).toEqual({ written: plain(encodeRequest(request)), value: { errno: 0, body } });
    expect(blockedCalls()).toBe(0);
  });

  test('gives the errno that venus answers, and its undefined body', async () => {
    const stale = new Uint8Array(2048).fill(0x61);
    const { value } = await exchange(encodeReply({ errno: 13, body: stale }));
    expect(value).toEqual({ errno: 13, body: stale });
  });

  test('puts an answer together that comes in pieces', async () => {
    const frame = encodeReply({ errno: 0, body: bytesOfText('0123456789') });
    const { value } = await exchange(frame.subarray(0, 1), frame.subarray(1, 6), frame.subarray(6));
    expect(value).toEqual({ errno: 0, body: bytesOfText('0123456789') });
  });

  test.each([
    ['cut in its body', encodeReply({ errno: 0, body: bytesOfText('0123456789') }).subarray(0, 9)],
    ['cut in its header', bytesOfText('0\n1')],
    ['empty', new Uint8Array(0)],
    ['foreign text', bytesOfText('#!/bin/sh\n')],
    ['larger than allowed', encodeReply({ errno: 0, body: new Uint8Array(2049) })],
    ['larger than allowed by far', encodeReply({ errno: 0, body: new Uint8Array(60_000) })],
    ['as large as allowed, with more behind it than any frame has', bytesOfText('1'.repeat(4000))],
  ])('refuses an answer that is %s', async (_, answer) => {
    const { error } = await exchange(answer);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(blockedCalls()).toBe(0);
  });

  test('does not look at what stands behind a whole answer', async () => {
    const frame = encodeReply({ errno: 0, body: bytesOfText('body') });
    const { value } = await exchange(joinBytes(frame, bytesOfText('1\n2\n')));
    expect(value).toEqual({ errno: 0, body: bytesOfText('body') });
  });

  test('takes the largest answer there is', async () => {
    const body = Uint8Array.from({ length: 2048 }, (_, at) => at % 251);
    const { value } = await exchange(encodeReply({ errno: 658, body }));
    expect(value).toEqual({ errno: 658, body });
  });
});

describe('an open for reading that fails is the answer of venus', () => {
  /** Holds the client in its first open, and changes the file before the second. */
  async function changeBeforeSecondOpen(change: (file: string) => void): Promise<unknown> {
    const fifo = new PioctlFifo(temporary(NAME));
    const failed = runPioctlFile(fifo.file, request).catch((error: unknown) => error);
    const fd = fifo.holdClientInFirstOpen();
    renameSync(fifo.file, temporary('moved'));
    change(fifo.file);
    const error = await failed;
    closeSync(fd);
    return error;
  }

  test('ENOENT: the path does not exist', async () => {
    const error = await changeBeforeSecondOpen(() => undefined);
    expect(error).toBeInstanceOf(VenusError);
    expect(error).toMatchObject({ errno: 2, message: 'No such file or directory' });
  });

  test('ELOOP: too many links', async () => {
    const error = await changeBeforeSecondOpen((file) => symlinkSync(NAME, file));
    expect(error).toBeInstanceOf(VenusError);
    expect(error).toMatchObject({ errno: 40, message: 'Too many levels of symbolic links' });
  });

  test('ENXIO: the server does not know the volume', async () => {
    const server = createServer();
    const listening = new Promise<void>((resolve) => server.listen(temporary('s'), resolve));
    await listening;
    const error = await changeBeforeSecondOpen((file) => renameSync(temporary('s'), file));
    server.close();
    expect(error).toBeInstanceOf(VenusError);
    expect(error).toMatchObject({ errno: 6, message: 'No such device or address' });
  });

  test('and so is a read that fails', async () => {
    const error = await changeBeforeSecondOpen((file) => mkdirSync(file));
    expect(error).toMatchObject({ errno: 21, message: 'Is a directory' });
  });
});

describe('where no venus is', () => {
  test('in an ordinary directory, the request comes back, and the file it made is removed', async () => {
    const failed = runPioctlFile(temporary(NAME), request);
    await expect(failed).rejects.toThrow(VenusUnavailableError);
    await expect(failed).rejects.toThrow(
      expect.objectContaining({
        message: `${temporary()}: no venus answers there`,
        why: 'The request came back as it was written: this is an ordinary directory.',
      }),
    );
    expect(lstatSync(temporary(NAME), { throwIfNoEntry: false })).toBeUndefined();
    expect(blockedCalls()).toBe(0);
  });

  test('the request could be read by its owner alone, whatever the umask, while it lay there', async () => {
    const file = temporary(NAME);
    const umask = process.umask(0);
    try {
      const failed = runPioctlFile(file, request).catch((error: unknown) => error);
      let found = lstatSync(file, { throwIfNoEntry: false });
      for (; !found; found = lstatSync(file, { throwIfNoEntry: false })) await new Promise(setImmediate);
      expect(found.mode & 0o777).toBe(0o600);
      expect(await failed).toBeInstanceOf(VenusUnavailableError);
    } finally {
      process.umask(umask);
    }
  });

  test('in a directory that does not exist, it says so', async () => {
    const failed = runPioctlFile(temporary('none', NAME), request);
    await expect(failed).rejects.toThrow(VenusUnavailableError);
    await expect(failed).rejects.toThrow(
      expect.objectContaining({
        message: `${temporary('none')}: no venus answers there`,
        why: 'The request file could not be written: no such file or directory.',
      }),
    );
  });

  test('in a file, it says so and leaves the file alone', async () => {
    writeFileSync(temporary('file'), 'precious');
    await expect(runPioctlFile(temporary('file', NAME), request)).rejects.toThrow(
      expect.objectContaining({ why: 'The request file could not be written: not a directory.' }),
    );
    expect(readFileSync(temporary('file'), 'utf8')).toBe('precious');
  });
});
