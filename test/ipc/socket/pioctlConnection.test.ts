import fc from 'fast-check';
import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProtocolError, TimeLimitError, VenusError, VenusUnavailableError } from '../../../src/ipc/errors.ts';
import { type PioctlRequest, encodeReply } from '../../../src/ipc/framing.ts';
import { PioctlConnection } from '../../../src/ipc/socket/pioctlConnection.ts';
import { bytesOfText, joinBytes, plain } from '../../support/bytes.ts';
import { ListeningVenus } from '../../support/listeningVenus.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const GENEROUS = 20_000;
let venus: ListeningVenus;
let connection: PioctlConnection;

beforeEach(async () => {
  venus = await ListeningVenus.start(temporary('venus.sock'));
  connection = new PioctlConnection(venus.path, GENEROUS);
});

afterEach(async () => {
  connection.close();
  await venus.stop();
});

function request(path: string, input = ''): PioctlRequest {
  return { name: 'getacl', opcode: 2, path, follow: true, input: bytesOfText(input), outSize: 2048 };
}

function reply(text: string, errno = 0): Uint8Array {
  return encodeReply({ errno, body: bytesOfText(text) });
}

/** How a request ended. */
async function outcome(work: Promise<Uint8Array>): Promise<unknown> {
  return work.then(plain, (error: unknown) => error);
}

describe('pioctls over a socket', () => {
  test('are answered by their body', async () => {
    const answer = connection.pioctl(request('/r.org', 'in'));
    expect(await venus.receive(1)).toEqual([{ opcode: 2, path: '/r.org', input: bytesOfText('in') }]);
    await venus.send(reply('list'));
    expect(plain(await answer)).toEqual(bytesOfText('list'));
  });

  test('are all sent at once, over one connection, and answered in their order', async () => {
    const answers = Array.from({ length: 100 }, (_, at) => connection.pioctl(request(`/${at}`)));
    const received = await venus.receive(100);
    expect(received.map(({ path }) => path)).toEqual(Array.from({ length: 100 }, (_, at) => `/${at}`));
    expect(venus.connections).toBe(1);
    await venus.send(joinBytes(...answers.map((_, at) => reply(`answer ${at}`))));
    const bodies = (await Promise.all(answers)).map((body) => Buffer.from(body).toString());
    expect(bodies).toEqual(answers.map((_, at) => `answer ${at}`));
  });

  test('get their own replies, however those are cut and joined on the way', async () => {
    const replies = fc.array(
      fc.record({ errno: fc.constantFrom(0, 0, 13, 658), body: fc.uint8Array({ maxLength: 300 }) }),
      { minLength: 1, maxLength: 12 },
    );
    const cuts = fc.array(fc.nat(), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(replies, cuts, async (values, places) => {
        const before = venus.requests().length;
        const answers = values.map(() => outcome(connection.pioctl(request('/x'))));
        await venus.receive(before + values.length);
        const stream = joinBytes(...values.map(encodeReply));
        const sorted = [...new Set(places.map((place) => place % stream.length))].sort((a, b) => a - b);
        const parts = [...sorted, stream.length].map((end, at) => stream.subarray(sorted[at - 1] ?? 0, end));
        await venus.send(...parts.filter((part) => part.length > 0));
        const expected = values.map(({ errno, body }) => (errno === 0 ? body : errno));
        const found = (await Promise.all(answers)).map((end) =>
          end instanceof VenusError ? end.errno : end,
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('come byte by byte, if they must', async () => {
    const answers = [connection.pioctl(request('/a')), connection.pioctl(request('/b'))];
    await venus.receive(2);
    const stream = joinBytes(reply('one'), reply('two'));
    await venus.send(...Array.from(stream, (byte) => Uint8Array.of(byte)));
    expect((await Promise.all(answers)).map(plain)).toEqual([bytesOfText('one'), bytesOfText('two')]);
  });

  test('fail alone with the errno of venus', async () => {
    const answers = ['/a', '/b', '/c'].map((path) => outcome(connection.pioctl(request(path))));
    await venus.receive(3);
    await venus.send(reply('one'), reply('stale', 13), reply('three'));
    const [one, two, three] = await Promise.all(answers);
    expect([one, three]).toEqual([bytesOfText('one'), bytesOfText('three')]);
    expect(two).toBeInstanceOf(VenusError);
    expect(two).toMatchObject({ errno: 13, message: 'Permission denied' });
  });

  test('keep bodies that came in one read apart', async () => {
    const answers = [connection.pioctl(request('/a')), connection.pioctl(request('/b'))];
    await venus.receive(2);
    await venus.send(joinBytes(reply('first'), reply('second')));
    const [first, second] = await Promise.all(answers);
    first?.fill(0);
    expect(second && plain(second)).toEqual(bytesOfText('second'));
    const third = connection.pioctl(request('/c'));
    await venus.receive(3);
    await venus.send(reply('x'.repeat(2048)));
    await third;
    expect(second && plain(second)).toEqual(bytesOfText('second'));
  });
});

describe('a venus that breaks off', () => {
  test('rejects what has no answer yet, and everything after', async () => {
    const answers = ['/a', '/b', '/c'].map((path) => outcome(connection.pioctl(request(path))));
    await venus.receive(3);
    await venus.send(reply('one'));
    venus.hangUp();
    const [one, two, three] = await Promise.all(answers);
    expect(one).toEqual(bytesOfText('one'));
    for (const error of [two, three, await outcome(connection.pioctl(request('/d')))]) {
      expect(error).toBeInstanceOf(VenusUnavailableError);
      expect(error).toMatchObject({ message: `venus at ${venus.path} closed the connection` });
    }
  });

  test('in the middle of a reply has not answered', async () => {
    const answer = outcome(connection.pioctl(request('/a')));
    await venus.receive(1);
    await venus.send(reply('a long answer').subarray(0, 9));
    venus.hangUp();
    expect(await answer).toBeInstanceOf(VenusUnavailableError);
  });
});

describe('an answer that is none', () => {
  test.each([
    ['text', bytesOfText('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a body larger than was asked for', encodeReply({ errno: 0, body: new Uint8Array(2049) })],
    ['a negative errno', bytesOfText('-1\n0\n\0')],
  ])('(%s) ends the connection and all that wait', async (_, garbage) => {
    const answers = ['/a', '/b', '/c'].map((path) => outcome(connection.pioctl(request(path))));
    await venus.receive(3);
    await venus.send(joinBytes(reply('one'), garbage));
    const [one, two, three] = await Promise.all(answers);
    expect(one).toEqual(bytesOfText('one'));
    expect(two).toBeInstanceOf(ProtocolError);
    expect(three).toBeInstanceOf(ProtocolError);
    await venus.untilClosed();
    expect(await outcome(connection.pioctl(request('/d')))).toBeInstanceOf(ProtocolError);
  });

  test('to nothing that was asked ends the connection', async () => {
    const first = connection.pioctl(request('/a'));
    await venus.receive(1);
    await venus.send(joinBytes(reply('one'), reply('two')));
    expect(plain(await first)).toEqual(bytesOfText('one'));
    await venus.untilClosed();
    expect(await outcome(connection.pioctl(request('/b')))).toBeInstanceOf(ProtocolError);
  });
});

describe('where nobody listens', () => {
  const failure = (path: string) => outcome(new PioctlConnection(path, GENEROUS).pioctl(request('/')));

  test('there is no socket', async () => {
    const path = temporary('none.sock');
    const error = await failure(path);
    expect(error).toBeInstanceOf(VenusUnavailableError);
    expect(error).toMatchObject({
      message: `venus is not running at ${path}`,
      why: `There is no socket ${path}.`,
      next: 'Start one with: coda up',
    });
  });

  test('the socket is that of a venus that is gone', async () => {
    const gone = await ListeningVenus.start(temporary('gone.sock'));
    const path = temporary('left.sock');
    linkSync(gone.path, path);
    await gone.stop();
    const error = await failure(path);
    expect(error).toBeInstanceOf(VenusUnavailableError);
    expect(error).toMatchObject({ why: `Nobody listens at ${path}; the venus that made it is gone.` });
  });

  test('the path leads through a file', async () => {
    writeFileSync(temporary('file'), '');
    const path = temporary('file/venus.sock');
    const error = await failure(path);
    expect(error).toBeInstanceOf(VenusUnavailableError);
    expect(error).toHaveProperty('why', `The connection to ${path} failed: connect ENOTDIR ${path}`);
  });

  test('requests before and after it is known fail alike', async () => {
    const lost = new PioctlConnection(temporary('none.sock'), GENEROUS);
    const [one, two] = await Promise.all(['/a', '/b'].map((path) => outcome(lost.pioctl(request(path)))));
    const three = await outcome(lost.pioctl(request('/c')));
    expect(one).toBeInstanceOf(VenusUnavailableError);
    expect(two).toBe(one);
    expect(three).toBe(one);
  });
});

describe('a request past its time limit', () => {
  test('ends the connection, and with it all that wait behind it', async () => {
    const hasty = new PioctlConnection(venus.path, 500);
    const answers = ['/a', '/b', '/c'].map((path) => outcome(hasty.pioctl(request(path))));
    await venus.receive(3);
    await venus.send(reply('one'));
    const [one, two, three] = await Promise.all(answers);
    expect(one).toEqual(bytesOfText('one'));
    expect(two).toBeInstanceOf(TimeLimitError);
    expect(two).toMatchObject({
      message: `no answer within 0.5 s (waited for getacl of /b, ${venus.path})`,
    });
    expect(three).toBe(two);
    await venus.untilClosed();
    expect(await outcome(hasty.pioctl(request('/d')))).toBe(two);
  });

  test('is named by its opcode where the call has no name', async () => {
    const { opcode, path, follow, input, outSize } = request('/x');
    const hasty = new PioctlConnection(venus.path, 20);
    const error = await outcome(hasty.pioctl({ opcode, path, follow, input, outSize }));
    expect(error).toMatchObject({
      message: `no answer within 0.02 s (waited for opcode 2 of /x, ${venus.path})`,
    });
  });

  test('has its own limit, counted from when it was made', async () => {
    const patient = new PioctlConnection(venus.path, 1000);
    const first = patient.pioctl(request('/a'));
    await sleep(600);
    const second = patient.pioctl(request('/b'));
    await venus.receive(2);
    await venus.send(reply('one'));
    await first;
    await sleep(600);
    await venus.send(reply('two'));
    expect(plain(await second)).toEqual(bytesOfText('two'));
    patient.close();
  });

  test('does not count the time in which nothing was asked', async () => {
    const hasty = new PioctlConnection(venus.path, 500);
    const first = hasty.pioctl(request('/a'));
    await venus.receive(1);
    await venus.send(reply('one'));
    await first;
    await sleep(600);
    const second = hasty.pioctl(request('/b'));
    await venus.receive(2);
    await venus.send(reply('two'));
    expect(plain(await second)).toEqual(bytesOfText('two'));
    hasty.close();
  });
});

describe('closing', () => {
  test('ends the connection and rejects what still waits', async () => {
    const answer = outcome(connection.pioctl(request('/a')));
    await venus.receive(1);
    connection.close();
    expect(await answer).toBeInstanceOf(VenusUnavailableError);
    await venus.untilClosed();
    expect(await outcome(connection.pioctl(request('/b')))).toBeInstanceOf(VenusUnavailableError);
  });

  test('twice is as good as once', async () => {
    connection.close();
    connection.close();
    rmSync(venus.path, { force: true });
    expect(await outcome(connection.pioctl(request('/b')))).toBeInstanceOf(VenusUnavailableError);
  });
});
