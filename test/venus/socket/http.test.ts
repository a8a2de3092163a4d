import { describe, expect, it, vi } from 'vitest';
import { OPERATOR, outcome, until } from '../support.ts';
import { RawClient, useVenus } from './servedVenus.ts';

const venus = useVenus();
const connect = () => RawClient.connect(venus().socket);
const badRequest = (message: unknown) => ({ status: 422, json: { code: 'bad-request', message } });
const login = { user: 'nobody', realm: 'test.realm', password: 'x' };
const [EACCES, ENOENT] = [13, 2];

describe('a request', () => {
  it.each([
    ['GET', '/v1/nothing', 'no GET /nothing'],
    ['POST', '/v1/status', 'no POST /status'],
    ['GET', '/v1/tree/write', 'no GET /tree/write'],
    ['DELETE', '/v1/tree/lstat?path=/', 'no DELETE /tree/lstat'],
    ['GET', '/v1/status/', 'no GET /status/'],
    ['GET', '/v1/toString', 'no GET /toString'],
    ['GET', '/v2/status', 'no GET '],
    ['GET', '/', 'no GET '],
    ['OPTIONS', '*', 'no OPTIONS '],
  ])('for what is not there is refused: %s %s', async (method, url, message) => {
    expect(await venus().ask(method, url)).toEqual(badRequest(message));
  });

  it.each([
    ['/v1/tree/lstat', 'the query has no path'],
    ['/v1/tree/lstat?', 'the query has no path'],
    ['/v1/tree/lstat?path', 'the query has no path'],
    ['/v1/tree/lstat?path=%zz', 'path=%zz is not percent-encoded'],
    ['/v1/tree/lstat?path=%2', 'path=%2 is not percent-encoded'],
  ])('with a query that is none is refused: %s', async (url, message) => {
    expect(await venus().ask('GET', url)).toEqual(badRequest(message));
  });

  it.each(['', '-1', '1e3', '0x1ff', '1 ', 'NaN', '9'.repeat(16)])(
    'with %j for a number is refused',
    async (mode) => {
      const url = `/v1/tree/mkdir?path=/test.realm/dir&mode=${encodeURIComponent(mode)}`;
      expect(await venus().ask('POST', url)).toEqual(badRequest('mode is not a number'));
    },
  );

  it.each([
    ['1', 'speaks for that user'],
    ['4294967295', 'speaks for that user'],
    ['4294967296', 'is refused'],
    ['-1', 'is refused'],
    ['root', 'is refused'],
    ['', 'is refused'],
    ['1, 2', 'is refused'],
  ])('with the header Coda-Uid: %s %s', async (uid, what) => {
    const answer = await venus().ask('POST', '/v1/tree/mkdir?path=/test.realm/dir&mode=493', '', {
      'coda-uid': uid,
    });
    if (what === 'is refused') expect(answer).toEqual(badRequest('coda-uid is not a number of 32 bits'));
    else expect(answer).toMatchObject({ status: 422, json: { errno: EACCES } });
  });

  it('without it speaks for the owner of the socket', async () => {
    const { realm } = venus();
    expect(await venus().ask('POST', '/v1/tree/mkdir?path=/test.realm/dir&mode=493')).toEqual({
      status: 200,
      json: {},
    });
    expect(await realm.files(OPERATOR).lstat('/test.realm/dir')).toMatchObject({
      ownerName: 'operator',
      mode: 0o755,
    });
  });

  it('to shut down is answered first', async () => {
    expect(await venus().ask('POST', '/v1/shutdown')).toEqual({ status: 200, json: {} });
    expect(venus().shutDowns).toBe(1);
  });
});

describe('a JSON body', () => {
  it.each([
    ['no JSON', '{', 'the body is no JSON'],
    ['nothing', '', 'the body is no JSON'],
    ['another form', '{"user":1}', expect.stringMatching(/^the body has another form/)],
    ['no object', 'null', expect.stringMatching(/^the body has another form/)],
    [
      'a life of no time',
      JSON.stringify({ ...login, lifetime: 0 }),
      expect.stringMatching(/^the body has another form/),
    ],
    ['65537 bytes', ' '.repeat(65_537), 'the body is longer than 65536 bytes'],
  ] as const)('of %s is refused', async (_, body, message) => {
    expect(await venus().ask('POST', '/v1/auth/token', body)).toEqual(badRequest(message));
  });

  it('of 65536 bytes is taken', async () => {
    const body = JSON.stringify(login).padEnd(65_536);
    expect(await venus().ask('POST', '/v1/auth/token', body)).toMatchObject({
      json: { code: 'unknown-user' },
    });
  });

  it('that does not come in ten seconds closes the connection', async () => {
    const [slow, other] = [await connect(), await connect()];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      slow.send('POST /v1/auth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
      other.send('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n');
      // By then the first one is being served as well.
      await other.untilReceived((received) => received.includes('"pid"'));
      vi.advanceTimersByTime(9999);
      expect(slow.ended).toBe(false);
      vi.advanceTimersByTime(1);
      await slow.untilEnded();
      expect(other.ended).toBe(false);
    } finally {
      vi.useRealTimers();
      other.socket.destroy();
    }
  });
});

describe('an upload', () => {
  const put = (path: string, length: number) =>
    `PUT /v1/tree/write?path=${path}&mode=420&exclusive=0 HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`;
  const answered = (client: RawClient, count = 1) =>
    client.untilReceived(
      (received) => received.split('HTTP/1.1 ').length > count && received.endsWith('0\r\n\r\n'),
    );

  it('that is refused is answered while it is still being sent, and its connection goes on', async () => {
    const client = await connect();
    const part = Buffer.alloc(65_536);
    client.send(put('/test.realm/missing/file', 100 * part.length), part);
    expect(await answered(client)).toMatch(new RegExp(`^HTTP/1.1 422 [^]*"errno":${ENOENT},`));
    for (let sent = 1; sent < 100; sent++) client.send(part);
    client.send('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await answered(client, 2)).toMatch(/HTTP\/1.1 200 [^]*"pid":1/);
    client.socket.destroy();
  });

  it('that is refused and goes on for ever is closed ten seconds later', async () => {
    const client = await connect();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      client.send(put('/test.realm/missing/file', 1_000_000), 'x'.repeat(1000));
      await answered(client);
      vi.advanceTimersByTime(9999);
      client.send('x');
      expect(client.ended).toBe(false);
      vi.advanceTimersByTime(1);
      const begun = Date.now();
      await client.untilEnded();
      // Node itself would close a silent connection some seconds later.
      expect(Date.now() - begun).toBeLessThan(2000);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['in the middle of a body of known length', put('/test.realm/file', 1000)],
    [
      'in the middle of a chunk',
      put('/test.realm/file', 0).replace('content-length: 0', 'transfer-encoding: chunked') + '3e8\r\n',
    ],
  ])('that breaks off %s changes nothing, and takes no room', async (_, head) => {
    const { realm } = venus();
    await realm.write('/test.realm/file', 'as it was');
    const before = venus().containers();
    const client = await connect();
    client.send(head, 'x'.repeat(500));
    await until(() => venus().containers() === before + 1);
    client.socket.destroy();
    await until(() => venus().containers() === before);
    expect(await realm.read('/test.realm/file')).toBe('as it was');
  });

  it('that ends before its end makes no new file', async () => {
    const before = venus().containers();
    const client = await connect();
    client.send(put('/test.realm/new', 10), 'x');
    await until(() => venus().containers() === before + 1);
    client.socket.end();
    await client.untilEnded();
    await until(() => venus().containers() === before);
    expect(await outcome(venus().realm.files().lstat('/test.realm/new'))).toBe('ENOENT');
  });
});
