import { expect, it } from 'vitest';
import { outcome, sleep, until } from '../support.ts';
import { RawClient, shortLimits, useVenus } from './servedVenus.ts';

const venus = useVenus(shortLimits);
const connect = () => RawClient.connect(venus().socket);
const status = 'GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n';

it.each(['G', 'GET /v1/status HTTP/1.1\r\nhost: x\r\n', 'GET /v1/status HTTP/1.1\r\nx: '])(
  'a head that does not come is given up, and nobody else is: %j',
  async (half) => {
    const [slow, other] = [await connect(), await connect()];
    slow.send(half);
    const begun = Date.now();
    other.send(status);
    await other.untilReceived((received) => received.includes('"pid"'));
    expect(await slow.untilEnded()).not.toContain('200');
    expect(Date.now() - begun).toBeLessThan(shortLimits.idleTime);
    expect(other.ended).toBe(false);
    other.socket.destroy();
  },
);

it.each(['GET x\r\n\r\n', 'hello\r\n\r\n', '\0\0\0\0', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`])(
  'what is no HTTP is answered so and closed: %#',
  async (bytes) => {
    const client = await connect();
    client.send(bytes);
    expect(await client.untilEnded()).toMatch(/^HTTP\/1.1 4\d\d /);
  },
);

it.each([0, 1])('an upload that falls silent is closed, after %d other requests', async (others) => {
  const client = await connect();
  if (others > 0) {
    client.send(status);
    await client.untilReceived((received) => received.includes('"pid"'));
  }
  client.send(
    'PUT /v1/tree/write?path=/test.realm/new&mode=420&exclusive=0 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx',
  );
  const begun = Date.now();
  await client.untilEnded();
  expect(Date.now() - begun).toBeGreaterThanOrEqual(shortLimits.idleTime - 10);
  await until(() => venus().containers() === 0);
  expect(await outcome(venus().realm.files().lstat('/test.realm/new'))).toBe('ENOENT');
});

it('who listens to events stays, however little happens', async () => {
  const client = await connect();
  client.send('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n');
  await sleep(shortLimits.idleTime * 2);
  await venus().realm.write('/test.realm/file', 'contents');
  await client.untilReceived((received) => received.includes('"kind":"stored"'));
  client.socket.destroy();
});

it('who asks for events and does not read them is cut off, and venus keeps no more for him', async () => {
  const client = await connect();
  client.send('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n');
  await client.untilReceived((received) => received.includes('200 OK'));
  client.socket.pause();
  const { events } = venus().realm.client;
  for (let at = 0; at < 20_000; at++) {
    events.report({ kind: 'server', server: `${at} ${'x'.repeat(400)}`, state: 'up' });
    if (at % 500 === 0) await sleep(1);
  }
  client.socket.resume();
  await client.untilReceived((received) => received.includes('\r\n0\r\n\r\n'));
  expect(client.received.match(/"kind"/g)?.length).toBeLessThan(15_000);
});

it('who waits for a file hears of each step of its transfer, and of no other file', async () => {
  const client = await connect();
  client.send(
    'PUT /v1/tree/write?path=/test.realm/large&mode=420&exclusive=0 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nx',
  );
  const { events } = venus().realm.client;
  const progress = (path: string) =>
    events.report({ kind: 'storeProgress', volume: 'v', path, sent: 1, length: 100 });
  // The request may not have been read yet.
  await until(() => {
    progress('/coda/test.realm/large');
    return client.received.includes('HTTP/1.1 102');
  });
  const steps = () => client.received.split('HTTP/1.1 102').length;
  await sleep(50);
  const heard = steps();
  progress('/coda/test.realm/other');
  await sleep(50);
  expect(steps()).toBe(heard);
  client.send('y');
  await client.untilReceived((received) => received.includes('HTTP/1.1 200'));
  client.socket.destroy();
});
