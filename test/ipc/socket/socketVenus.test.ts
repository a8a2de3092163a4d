import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VenusError, VenusUnavailableError } from '../../../src/ipc/errors.ts';
import { type PioctlRequest, encodeReply } from '../../../src/ipc/framing.ts';
import { openVenus } from '../../../src/ipc/openVenus.ts';
import type { Venus } from '../../../src/ipc/venus.ts';
import { bytesOfHex, bytesOfText, plain } from '../../support/bytes.ts';
import { ListeningVenus } from '../../support/listeningVenus.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const done = encodeReply({ errno: 0, body: new Uint8Array(0) });
let listening: ListeningVenus;

beforeEach(async () => {
  listening = await ListeningVenus.start(temporary('venus.sock'));
});
afterEach(() => listening.stop());

function open(uid?: number): Promise<Venus> {
  return openVenus({ kind: 'socket', path: temporary('venus.sock') }, { timeLimit: 20_000, uid });
}

function request(path: string): PioctlRequest {
  return { name: 'getacl', opcode: 2, path, follow: true, input: new Uint8Array(0), outSize: 2048 };
}

describe('the venus behind a socket', () => {
  test('is not connected to before something is asked, and then once', async () => {
    const venus = await open();
    expect(listening.connections).toBe(0);
    const answers = ['/a', '/b'].map((path) => venus.pioctl(request(path)));
    expect((await listening.receive(2)).map(({ path }) => path)).toEqual(['/a', '/b']);
    await listening.send(
      encodeReply({ errno: 0, body: bytesOfText('one') }),
      encodeReply({ errno: 0, body: bytesOfText('two') }),
    );
    expect((await Promise.all(answers)).map(plain)).toEqual([bytesOfText('one'), bytesOfText('two')]);
    expect(listening.connections).toBe(1);
    await venus.close();
    await listening.untilClosed();
  });

  test('is told first which other user is spoken for, and asked nothing until it agrees', async () => {
    const venus = await open(0x01020304);
    const answers = ['/a', '/b'].map((path) => venus.pioctl(request(path)));
    expect(await listening.receive(1)).toEqual([
      { opcode: 256, path: '/', input: bytesOfHex('04 03 02 01') },
    ]);
    await listening.send(done);
    const all = await listening.receive(3);
    expect(all.map(({ opcode, path }) => [opcode, path])).toEqual([
      [256, '/'],
      [2, '/a'],
      [2, '/b'],
    ]);
    await listening.send(done, done);
    await Promise.all(answers);
    await venus.close();
  });

  test('answers nothing for a user whom it refuses', async () => {
    const venus = await open(7);
    const answers = ['/a', '/b'].map((path) => venus.pioctl(request(path)));
    const expected = Promise.all(answers.map((answer) => expect(answer).rejects.toThrow(VenusError)));
    await listening.receive(1);
    await listening.send(encodeReply({ errno: 1, body: new Uint8Array(0) }));
    await expected;
    expect(listening.requests()).toHaveLength(1);
    await venus.close();
  });

  test('that is not there is missed when it is asked', async () => {
    await listening.stop();
    const venus = await open();
    await expect(venus.pioctl(request('/'))).rejects.toThrow(VenusUnavailableError);
    await expect(venus.close()).resolves.toBeUndefined();
  });

  test('is closed without ever having been asked', async () => {
    await (await open()).close();
    expect(listening.connections).toBe(0);
  });
});
