import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { UnsupportedError, VenusUnavailableError } from '../../../src/ipc/errors.ts';
import { MountVenus } from '../../../src/ipc/mount/mountVenus.ts';
import { parseMarinerLine } from '../../../src/ipc/mount/marinerLine.ts';
import type { VenusEvent } from '../../../src/ipc/venusEvent.ts';
import { recordedLines } from '../../support/mariner.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
let server: Server | undefined;
afterEach(() => server?.close());

/** A mariner socket: it plays lines to whoever subscribes. @returns what each connection has sent */
async function play(lines: readonly string[], atEnd: (socket: Socket) => void): Promise<string[]> {
  const received: string[] = [];
  server = createServer((socket) => {
    const mine = received.push('') - 1;
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      const before = received[mine] ?? '';
      received[mine] = before + bytes.toString();
      if (before !== '' || !received[mine].startsWith('set:fetch\n')) return;
      socket.write(lines.map((line) => `${line}\n`).join(''));
      atEnd(socket);
    });
  });
  server.listen(temporary('mariner'));
  await once(server, 'listening');
  return received;
}

const venus = () => new MountVenus('/coda', 1000, () => temporary('mariner'));

async function take(events: AsyncIterable<VenusEvent>, count = Infinity): Promise<VenusEvent[]> {
  const taken: VenusEvent[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}

describe('the events of a mounted Coda', () => {
  test('are the lines of its mariner socket, each with the time at which it came', async () => {
    const lines = recordedLines('mariner_disc2_fetch.txt');
    const received = await play(lines, (socket) => socket.end());
    const begun = Date.now();
    const events = await take(venus().events());
    expect(events.map(({ line }) => line)).toEqual(lines);
    expect(events).toEqual(
      lines.map((line, at) => ({
        time: events[at]?.time,
        line,
        ...parseMarinerLine({ text: line, isCut: false }),
      })),
    );
    expect(events.every(({ time }) => time >= begun && time <= Date.now())).toBe(true);
    expect(received).toContain('set:fetch\nset:volstate\n');
  });

  test('come in spite of an idle venus: it is nudged by a second connection, with a command that does nothing', async () => {
    const received = await play(['volstate::/@r reachable 0'], () => undefined);
    const events = venus().events();
    await events.next();
    await expect
      .poll(() => received.some((text) => /^(clear:fetch\n)+$/.test(text)), { timeout: 10_000 })
      .toBe(true);
    await events.return(undefined);
  });

  test('stop when the reader does, and venus is left alone', async () => {
    let [open, closed] = [0, 0];
    await play(['one', 'two'], () => undefined);
    server?.on('connection', (socket: Socket) => {
      open += 1;
      socket.on('close', () => (closed += 1));
    });
    expect(await take(venus().events(), 2)).toHaveLength(2);
    await expect.poll(() => open > 0 && closed === open).toBe(true);
  });

  test('are not there without a venus, and it is said where it was looked for', async () => {
    const failure = await take(venus().events()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VenusUnavailableError);
    expect(failure).toMatchObject({ why: `There is no mariner socket ${temporary('mariner')}.` });
  });

  test('have no past', async () => {
    await expect(take(venus().events({ since: 0 }))).rejects.toThrow(UnsupportedError);
    await expect(take(venus().events({ last: 5 }))).rejects.toThrow(UnsupportedError);
    await expect(take(venus().events({ follow: false }))).rejects.toThrow(/keeps no history/);
  });
});
