import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TimeLimitError, VenusError, VenusUnavailableError } from '../../../src/ipc/errors.ts';
import { type PioctlRequest, encodeReply, encodeRequest } from '../../../src/ipc/framing.ts';
import { blockedCalls } from '../../../src/ipc/blockingCalls.ts';
import { MountVenus } from '../../../src/ipc/mount/mountVenus.ts';
import { pioctlFileName } from '../../../src/ipc/mount/pioctlFile.ts';
import { bytesOfText, plain } from '../../support/bytes.ts';
import { PioctlFifo } from '../../support/pioctlFifo.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const GENEROUS = 20_000;

afterEach(() => vi.restoreAllMocks());

function request(path: string): PioctlRequest {
  return { name: 'getacl', opcode: 2, path, follow: true, input: new Uint8Array(0), outSize: 2048 };
}

/** FIFOs in the places of the next pioctl files. */
function fifos(count: number): readonly PioctlFifo[] {
  const numbers = Array.from({ length: count }, (_, at) => (at + 1) / 2 ** 32);
  const random = vi.spyOn(Math, 'random');
  for (const number of numbers) random.mockReturnValueOnce(number);
  return numbers.map((number) => new PioctlFifo(temporary(pioctlFileName(() => number))));
}

function firstOf(list: readonly PioctlFifo[]): PioctlFifo {
  const [first] = list;
  if (!first) throw new Error('no FIFO');
  return first;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

describe('venus behind a mount', () => {
  test('answers with the body of the reply', async () => {
    const fifo = firstOf(fifos(1));
    const body = new MountVenus(temporary(), GENEROUS).pioctl(request('/r.org'));
    expect(await fifo.takeRequest()).toEqual(plain(encodeRequest(request('/r.org'))));
    await fifo.answer(encodeReply({ errno: 0, body: bytesOfText('list') }));
    expect(plain(await body)).toEqual(bytesOfText('list'));
  });

  test('answers with an errno by an error', async () => {
    const fifo = firstOf(fifos(1));
    const failed = new MountVenus(temporary(), GENEROUS).pioctl(request('/r.org'));
    const expected = expect(failed).rejects.toThrow(VenusError);
    await fifo.takeRequest();
    await fifo.answer(encodeReply({ errno: 110, body: new Uint8Array(2048) }));
    await expected;
    await expect(failed).rejects.toMatchObject({ errno: 110, message: 'Connection timed out' });
  });

  test('is missed in an ordinary directory', async () => {
    await expect(new MountVenus(temporary(), GENEROUS).pioctl(request('/'))).rejects.toThrow(
      VenusUnavailableError,
    );
  });

  test('is asked with a new file name each time', async () => {
    const random = vi.spyOn(Math, 'random');
    const venus = new MountVenus(temporary('none'), GENEROUS);
    await expect(venus.pioctl(request('/'))).rejects.toThrow(VenusUnavailableError);
    await expect(venus.pioctl(request('/'))).rejects.toThrow(VenusUnavailableError);
    expect(new Set(random.mock.results.map(({ value }) => String(value))).size).toBe(2);
  });
});

describe('an open that does not return', () => {
  test('is given up after the time limit, with the call, the path and the file in the message', async () => {
    const fifo = firstOf(fifos(1));
    const failed = new MountVenus(temporary(), 50).pioctl(request('/r.org/usr'));
    const expected = expect(failed).rejects.toThrow(
      `no answer within 0.05 s (waited for getacl of /r.org/usr, open of ${fifo.file})`,
    );
    await fifo.takeRequest();
    await expected;
    await expect(failed).rejects.toThrow(TimeLimitError);

    expect(blockedCalls()).toBe(1);
    await fifo.answer();
    await until(() => blockedCalls() === 0);
  });

  test('is named by its opcode where the call has no name', async () => {
    const fifo = firstOf(fifos(1));
    const { opcode, path, follow, input, outSize } = request('/x');
    const venus = new MountVenus(temporary(), 50);
    await expect(venus.pioctl({ opcode, path, follow, input, outSize })).rejects.toThrow(
      `waited for opcode 2 of /x, open of ${fifo.file}`,
    );
    await fifo.takeRequest();
    await fifo.answer();
    await until(() => blockedCalls() === 0);
  });
});

describe('many requests at once', () => {
  const body = (at: number) => bytesOfText(`answer ${at}`);

  test('are three in flight; the next one begins when one is answered', async () => {
    const files = fifos(5);
    const venus = new MountVenus(temporary(), GENEROUS);
    const answers = files.map((_, at) => venus.pioctl(request(`/${at}`)));
    await until(() => blockedCalls() === 3);
    await sleep(30);
    expect(blockedCalls()).toBe(3);

    for (const [at, file] of files.entries()) {
      expect(await file.takeRequest()).toEqual(plain(encodeRequest(request(`/${at}`))));
      await file.answer(encodeReply({ errno: 0, body: body(at) }));
      await answers[at];
      const left = Math.min(3, files.length - at - 1);
      await until(() => blockedCalls() === left);
    }
    expect((await Promise.all(answers)).map(plain)).toEqual(files.map((_, at) => body(at)));
  });

  test('go on when some of them fail', async () => {
    const venus = new MountVenus(temporary('none'), GENEROUS);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => venus.pioctl(request('/'))));
    expect(outcomes.map(({ status }) => status)).toEqual(Array<string>(10).fill('rejected'));
  });

  test('have their time limit also while they wait for their turn, and are not begun after it', async () => {
    const files = fifos(4);
    const venus = new MountVenus(temporary(), 100);
    const outcomes = await Promise.allSettled(files.map((_, at) => venus.pioctl(request(`/${at}`))));
    expect(outcomes).toHaveLength(4);
    for (const outcome of outcomes) {
      expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(TimeLimitError);
    }

    expect(blockedCalls()).toBe(3);
    for (const file of files.slice(0, 3)) {
      await file.takeRequest();
      await file.answer();
    }
    await until(() => blockedCalls() === 0);
    await sleep(30);
    expect(blockedCalls()).toBe(0);
  });
});
