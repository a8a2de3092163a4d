import { type IncomingMessage, type RequestListener, type Server, createServer } from 'node:http';
import { type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import * as v from 'valibot';
import {
  ProtocolError,
  RefusedError,
  TimeLimitError,
  UnsupportedError,
  VenusError,
  VenusUnavailableError,
} from '../../../src/ipc/errors.ts';
import { openVenus } from '../../../src/ipc/openVenus.ts';
import { HttpSession } from '../../../src/ipc/socket/httpSession.ts';
import { SocketVenus } from '../../../src/ipc/socket/socketVenus.ts';
import type { FileTree } from '../../../src/ipc/venus.ts';
import { bytesOfText, joinBytes } from '../../support/bytes.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const GENEROUS = 20_000;
const numberSchema = v.object({ number: v.number() });
const GET = { method: 'GET', route: '/x?path=/y' } as const;

let server: Server | undefined;
let close: () => Promise<void> = () => Promise.resolve();
const sockets = new Set<Socket>();

afterEach(async () => {
  await close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** A venus that answers HTTP as the test says. */
async function listen(listener: RequestListener): Promise<string> {
  const path = temporary('venus.sock');
  const listening = createServer(listener).on('connection', (socket: Socket) => sockets.add(socket));
  server = listening;
  await new Promise<void>((resolve) => listening.listen(path, resolve));
  return path;
}

async function session(listener: RequestListener, timeLimit = GENEROUS, uid?: number): Promise<HttpSession> {
  const opened = new HttpSession(await listen(listener), { timeLimit, uid });
  close = () => opened.close();
  return opened;
}

/** The file tree, and what it asks for. */
async function treeThatAnswers(answer: string, status = 200): Promise<{ files: FileTree; asked: string[] }> {
  const asked: string[] = [];
  const path = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      asked.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`);
      response.writeHead(status).end(answer);
    });
  });
  const venus = new SocketVenus(path, { timeLimit: GENEROUS, uid: undefined });
  close = () => venus.close();
  return { files: await venus.files(), asked };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => request.once('close', resolve).once('end', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('one HTTP request to venus', () => {
  test('is answered by a document of the form that was expected', async () => {
    const seen: unknown[] = [];
    const http = await session((request, response) => {
      seen.push(request.method, request.url, request.headers['coda-uid'], request.headers['content-type']);
      response.end('{"number": 7, "new": "key"}');
    });
    await expect(http.json(GET, numberSchema)).resolves.toEqual({ number: 7 });
    expect(seen).toEqual(['GET', '/v1/x?path=/y', undefined, undefined]);
  });

  test('carries JSON, and the uid that is spoken for', async () => {
    const seen: unknown[] = [];
    const listener: RequestListener = (request, response) => {
      void bodyOf(request).then((body) => {
        seen.push(body, request.headers['coda-uid'], request.headers['content-type']);
        response.end('{"number": 1}');
      });
    };
    const http = await session(listener, GENEROUS, 501);
    await http.json({ method: 'POST', route: '/auth/token', json: { user: 'jan' } }, numberSchema);
    expect(seen).toEqual(['{"user":"jan"}', '501', 'application/json']);
  });

  test('is answered by an errno', async () => {
    const http = await session((_, response) => {
      response.writeHead(403).end('{"errno": 13, "message": "x", "why": "because", "next": "do"}');
    });
    const failed = http.json(GET, numberSchema);
    await expect(failed).rejects.toThrow(VenusError);
    await expect(failed).rejects.toMatchObject({ errno: 13, why: 'because', next: 'do' });
  });

  test('is refused with a code of its own', async () => {
    const http = await session((_, response) => {
      response.writeHead(401).end('{"code": "wrong-password", "message": "wrong password"}');
    });
    const failed = http.json(GET, numberSchema);
    await expect(failed).rejects.toThrow(RefusedError);
    await expect(failed).rejects.toMatchObject({ code: 'wrong-password', message: 'wrong password' });
  });

  test.each([
    ['a document of another form', 200, '{"number": "7"}'],
    ['no JSON', 200, '<html>'],
    ['nothing', 200, ''],
    ['an error of another form', 500, '{"message": 7}'],
    ['an error that is no JSON', 502, 'Bad Gateway'],
  ])('that gets %s is told so', async (_, status, body) => {
    const http = await session((__, response) => {
      response.writeHead(status).end(body);
    });
    await expect(http.json(GET, numberSchema)).rejects.toThrow(ProtocolError);
  });

  test.each([
    ['before it answers', (socket: Socket | null) => socket?.destroy()],
    [
      'in the middle of its answer',
      (socket: Socket | null) => socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"num'),
    ],
  ])('finds that venus went away %s', async (_, hangUp) => {
    const http = await session((request) => hangUp(request.socket));
    await expect(http.json(GET, numberSchema)).rejects.toThrow(VenusUnavailableError);
  });

  test('finds that nobody listens', async () => {
    const http = new HttpSession(temporary('none.sock'), { timeLimit: GENEROUS, uid: undefined });
    close = () => http.close();
    const failed = http.json(GET, numberSchema);
    await expect(failed).rejects.toThrow(VenusUnavailableError);
    await expect(failed).rejects.toMatchObject({ why: `There is no socket ${temporary('none.sock')}.` });
  });

  test.each([
    ['its answer', () => undefined],
    ['the rest of its answer', (response: { write: (text: string) => void }) => response.write('{"num')],
  ])('waits for %s no longer than its limit', async (_, begin) => {
    const http = await session((__, response) => begin(response), 300);
    const failed = http.json(GET, numberSchema);
    await expect(failed).rejects.toThrow(TimeLimitError);
    await expect(failed).rejects.toThrow(`waited for /x at ${temporary('venus.sock')}`);
  });
});

describe('lines of JSON', () => {
  test('are put together, wherever the chunks end', async () => {
    const http = await session((_, response) => {
      const text = Buffer.from('{"text":"ä"}\n{"text":"two"}\n');
      response.write(text.subarray(0, 10));
      setTimeout(() => response.end(text.subarray(10)), 20);
    });
    const lines = await collect(http.lines(GET, v.object({ text: v.string() })));
    expect(lines).toEqual([{ text: 'ä' }, { text: 'two' }]);
  });

  test('that end in the middle are refused', async () => {
    const http = await session((_, response) => {
      response.end('{"number":1}\n{"numb');
    });
    await expect(collect(http.lines(GET, numberSchema))).rejects.toThrow(ProtocolError);
  });

  test('are events when those are asked for; kinds of a newer venus are skipped', async () => {
    const asked: unknown[] = [];
    const path = await listen((request, response) => {
      asked.push(request.url);
      response.write('{"time":1,"kind":"stored","path":{"base64":"Yf8="},"uid":5,"length":2}\n');
      response.write('{"time":2,"kind":"unheardOf","what":"new"}\n');
      response.end('{"time":3,"kind":"server","server":"s1","state":"up","also":"new"}\n');
    });
    const venus = await openVenus({ kind: 'socket', path }, { timeLimit: GENEROUS, uid: undefined });
    close = () => venus.close();
    expect(await collect(venus.events())).toEqual([
      { time: 1, kind: 'stored', path: 'a\udcff', uid: 5, length: 2 },
      { time: 3, kind: 'server', server: 's1', state: 'up' },
    ]);
    await collect(venus.events({ since: Date.UTC(2026, 0, 2), last: 7, follow: false }));
    expect(asked).toEqual(['/v1/events', '/v1/events?since=2026-01-02T00:00:00.000Z&last=7&follow=false']);
  });

  test('are refused as events if a known kind has another form', async () => {
    const path = await listen((_, response) => {
      response.end('{"time":3,"kind":"server","server":"s1","state":"asleep"}\n');
    });
    const venus = await openVenus({ kind: 'socket', path }, { timeLimit: GENEROUS, uid: undefined });
    close = () => venus.close();
    await expect(collect(venus.events())).rejects.toThrow(ProtocolError);
  });
});

describe('the file tree of the embedded venus', () => {
  test('asks for each operation with its names percent-encoded', async () => {
    const { files, asked } = await treeThatAnswers('{}');
    await files.mkdir('/r.org/a b', 0o750);
    await files.symlink('/link', '\udcff&mode=1');
    await files.link('/a', '/b');
    await files.rename('/a', '/b');
    await files.remove('/a');
    await files.setattr('/a', { mode: 0o644, modified: 12.5 });
    expect(asked).toEqual([
      'POST /v1/tree/mkdir?path=/r.org/a%20b&mode=488',
      'POST /v1/tree/symlink?path=/link&target=%FF%26mode%3D1',
      'POST /v1/tree/link?existing=/a&path=/b',
      'POST /v1/tree/rename?path=/a&to=/b',
      'POST /v1/tree/remove?path=/a',
      'POST /v1/tree/setattr?path=/a&mode=420&modified=12.5',
    ]);
  });

  test('tells what an object is, and where links lead', async () => {
    const status = {
      type: 'symlink',
      length: 5,
      mode: 0o777,
      linkCount: 1,
      owner: 500,
      modified: 1000,
      identity: '7f000001.4.2',
      mountPoint: '#vol.',
    };
    const lstat = await treeThatAnswers(JSON.stringify(status));
    expect(await lstat.files.lstat('/x')).toEqual(status);
    expect(lstat.asked).toEqual(['GET /v1/tree/lstat?path=/x']);
  });

  test('reads a link whose target is no UTF-8', async () => {
    const { files, asked } = await treeThatAnswers('{"target":{"base64":"Yf8="}}');
    expect(await files.readlink('/x')).toBe('a\udcff');
    expect(asked).toEqual(['GET /v1/tree/readlink?path=/x']);
  });

  test('finds the object behind links, and its path without any', async () => {
    const status = { type: 'file', length: 1, mode: 0, linkCount: 1, owner: 1, modified: 1, identity: '1' };
    const { files, asked } = await treeThatAnswers(JSON.stringify({ path: { base64: 'L/8=' }, status }));
    expect(await files.resolve('/x')).toEqual({ path: '/\udcff', status });
    expect(asked).toEqual(['GET /v1/tree/resolve?path=/x']);
  });

  const entry = '{"name":"a","type":"file","identity":"1"}\n';

  test('lists a directory up to the line that says that none is missing', async () => {
    const { files } = await treeThatAnswers(`${entry}{"end":true}\n`);
    expect(await collect(files.readdir('/'))).toEqual([{ name: 'a', type: 'file', identity: '1' }]);
  });

  test('does not take a listing for whole that ends without that line', async () => {
    const { files } = await treeThatAnswers(entry);
    await expect(collect(files.readdir('/'))).rejects.toThrow(ProtocolError);
  });

  test('ends a listing with the errno that came in the middle', async () => {
    const { files } = await treeThatAnswers(`${entry}{"errno":110}\n`);
    await expect(collect(files.readdir('/'))).rejects.toMatchObject({ errno: 110 });
  });

  test('reads and stores contents as they are', async () => {
    const { files, asked } = await treeThatAnswers('{}');
    const chunks = await collect(files.read('/x'));
    expect(Buffer.from(joinBytes(...chunks)).toString()).toBe('{}');
    async function* contents(): AsyncGenerator<Uint8Array> {
      yield bytesOfText('\x00one');
      await Promise.resolve();
      yield bytesOfText('\xfftwo');
    }
    await files.write('/x', contents(), { mode: 0o600, exclusive: true });
    expect(asked).toEqual([
      'GET /v1/tree/read?path=/x',
      'PUT /v1/tree/write?path=/x&mode=384&exclusive=1 \x00one\xfftwo',
    ]);
  });

  test('does not end a request well whose contents fail midway', async () => {
    let ended: boolean | undefined;
    const path = await listen((request) => {
      request.resume();
      request.on('close', () => (ended = request.complete));
    });
    const venus = new SocketVenus(path, { timeLimit: GENEROUS, uid: undefined });
    close = () => venus.close();
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytesOfText('half');
      await Promise.resolve();
      throw new UnsupportedError('the source is gone');
    }
    const files = await venus.files();
    await expect(files.write('/x', failing(), { mode: 0o600, exclusive: false })).rejects.toThrow(
      'the source is gone',
    );
    while (ended === undefined) await new Promise(setImmediate);
    expect(ended).toBe(false);
  });
});
