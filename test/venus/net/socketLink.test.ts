import { spawn } from 'node:child_process';
import { type Server, type Socket, createConnection, createServer } from 'node:net';
import { serialize } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { venusLog } from '../../../src/venus/log.ts';
import { errno } from '../../../src/ipc/errno.ts';
import { RefusedError, VenusError } from '../../../src/ipc/errors.ts';
import { MAX_FRAME, encodeFrame } from '../../../src/venus/net/frames.ts';
import type { Service } from '../../../src/venus/net/link.ts';
import { Network } from '../../../src/venus/net/network.ts';
import { ServiceListener } from '../../../src/venus/net/serviceListener.ts';
import { SocketLink } from '../../../src/venus/net/socketLink.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { outcome, sleep, until } from '../support.ts';

interface EchoProtocol {
  readonly echo: { request: unknown; reply: unknown };
  readonly wait: { request: { readonly until: string }; reply: null };
  readonly fail: { request: { readonly how: 'errno' | 'refused' | 'fault' }; reply: null };
  readonly make: { request: { readonly bytes: number }; reply: Uint8Array };
}

const path = useTemporaryDirectory();
const uid = process.getuid?.() ?? 0;
const [CALLER, SERVICE] = ['laptop', 's1'];

/** Answers, and counts what it was asked. `wait` answers when the test says so. */
class Echo implements Service<EchoProtocol> {
  readonly asked: string[] = [];
  readonly #waiting = new Map<string, () => void>();

  readonly echo = (request: unknown) => this.#note('echo', request);
  readonly make = ({ bytes }: { readonly bytes: number }) => this.#note('make', new Uint8Array(bytes));
  readonly wait = (request: { readonly until: string }) => {
    this.asked.push('wait');
    return new Promise<null>((resolve) => this.#waiting.set(request.until, () => resolve(null)));
  };
  readonly fail = ({ how }: { readonly how: 'errno' | 'refused' | 'fault' }) => {
    if (how === 'errno') throw new VenusError(errno('EACCES'), { why: 'so it is', next: 'clog' });
    if (how === 'refused') throw new RefusedError('name-taken', 'there is one', { why: 'made before' });
    throw new TypeError('broken');
  };

  let(name: string): void {
    this.#waiting.get(name)?.();
  }

  #note<T>(name: string, answer: T): Promise<T> {
    this.asked.push(name);
    return Promise.resolve(answer);
  }
}

let echo: Echo;
let ends: { caller: Network; service: Network };
let listener: ServiceListener | undefined;
let link: SocketLink<EchoProtocol>;
let lost = 0;

function listen(): Promise<ServiceListener> {
  const services = { echo };
  return ServiceListener.open({ path: path('s'), uid, name: SERVICE, network: ends.service, services });
}

function connect(silence?: number): SocketLink<EchoProtocol> {
  return new SocketLink<EchoProtocol>({
    path: path('s'),
    from: CALLER,
    to: SERVICE,
    service: 'echo',
    network: ends.caller,
    onLost: () => (lost += 1),
    ...(silence === undefined ? {} : { silence }),
  });
}

beforeEach(async () => {
  vi.spyOn(venusLog, 'write').mockReturnValue(undefined);
  echo = new Echo();
  ends = { caller: new Network(), service: new Network() };
  lost = 0;
  listener = await listen();
  link = connect();
});
afterEach(async () => {
  vi.restoreAllMocks();
  link.close();
  await listener?.close();
  listener = undefined;
});

describe('a link between two processes', () => {
  it.each<[string, unknown]>([
    [
      'a record',
      { credentials: {}, after: undefined, big: 2n ** 63n, list: [1, -1, 0.5], name: 'caf\udce9 \u00fc' },
    ],
    ['nothing', null],
    ['bytes and a map', [new Uint8Array([0, 1, 255]), new Map([['a', 1]])]],
  ])('carries %s as it is', async (_, value) => {
    expect(await link.call('echo', value)).toEqual(value);
  });

  it('carries the bytes of a view, and not what is around them', async () => {
    const bytes = new Uint8Array(1000).fill(7).subarray(10, 13);
    expect(await link.call('echo', bytes)).toEqual(new Uint8Array([7, 7, 7]));
  });

  it('carries many calls at once, whatever the order of the answers', async () => {
    const first = link.call('wait', { until: 'first' });
    const others = Array.from({ length: 200 }, (_, index) => link.call('echo', index));
    expect(await Promise.all(others)).toEqual([...Array(200).keys()]);
    echo.let('first');
    expect(await first).toBeNull();
  });

  it('carries what is longer than one read of a socket', async () => {
    const bytes = new Uint8Array(3_000_000).map((_, index) => index % 251);
    const reply = await link.call('echo', bytes);
    expect(reply instanceof Uint8Array && Buffer.compare(reply, bytes)).toBe(0);
  });

  it('carries an errno and a refusal with all that they say', async () => {
    await expect(link.call('fail', { how: 'errno' })).rejects.toEqual(
      expect.objectContaining({ errno: 13, why: 'so it is', next: 'clog' }),
    );
    await expect(link.call('fail', { how: 'refused' })).rejects.toEqual(
      expect.objectContaining({ code: 'name-taken', message: 'there is one', why: 'made before' }),
    );
  });

  it('makes a fault of the service an EIO, and logs it where it happened', async () => {
    const write = vi.spyOn(venusLog, 'write').mockReturnValue(undefined);
    await expect(link.call('fail', { how: 'fault' })).rejects.toEqual(expect.objectContaining({ errno: 5 }));
    expect(write).toHaveBeenCalledWith(expect.stringContaining('TypeError: broken'));
  });

  it('refuses a message that is too long, and goes on', async () => {
    expect(await outcome(link.call('echo', new Uint8Array(MAX_FRAME)))).toBe('EIO');
    expect(await outcome(link.call('make', { bytes: MAX_FRAME }))).toBe('EIO');
    expect(await link.call('echo', 1)).toBe(1);
    expect(lost).toBe(0);
  });

  it.each(['constructor', 'toString', '__proto__', 'asked', 'let', 'nothing'])(
    'does not call %s of a service',
    async (name) => {
      const other = new SocketLink<Record<string, { request: null; reply: unknown }>>({
        ...{ path: path('s'), from: CALLER, to: SERVICE, service: 'echo', network: ends.caller },
      });
      expect(await outcome(other.call(name, null))).toBe('EOPNOTSUPP');
      other.close();
    },
  );

  it.each(['constructor', 'nothing'])('has no service %s', async (service) => {
    const other = new SocketLink<EchoProtocol>({
      ...{ path: path('s'), from: CALLER, to: SERVICE, service, network: ends.caller },
    });
    expect(await outcome(other.call('echo', 1))).toBe('ETIMEDOUT');
    other.close();
  });
});

describe('a way that is cut', () => {
  it.each(['caller', 'service'] as const)('lets nothing pass when the %s knows it', async (end) => {
    await link.call('echo', 1);
    ends[end].cut(CALLER, SERVICE);
    expect(await outcome(link.call('echo', 2))).toBe('ETIMEDOUT');
    expect(await outcome(link.call('echo', 2))).toBe('ETIMEDOUT');
    expect(echo.asked).toEqual(['echo']);
    ends[end].heal(CALLER, SERVICE);
    expect(await link.call('echo', 3)).toBe(3);
  });

  it.each(['caller', 'service'] as const)('loses an answer under way when the %s knows it', async (end) => {
    const call = outcome(link.call('wait', { until: 'cut' }));
    await until(() => echo.asked.includes('wait'));
    ends[end].cut(CALLER, SERVICE);
    expect(await call).toBe('ETIMEDOUT');
    echo.let('cut');
    ends[end].heal(CALLER, SERVICE);
    expect(await link.call('echo', 1)).toBe(1);
  });

  it('leaves the ways of others open', async () => {
    ends.caller.cut('desk', SERVICE);
    ends.service.cut('desk', SERVICE);
    expect(await link.call('echo', 1)).toBe(1);
    expect(lost).toBe(0);
  });
});

describe('the other process', () => {
  it('is like a dead server while nobody listens, and is found when somebody does', async () => {
    await listener?.close();
    expect(await outcome(link.call('echo', 1))).toBe('ETIMEDOUT');
    expect(lost).toBe(0);
    listener = await listen();
    expect(await link.call('echo', 2)).toBe(2);
  });

  it('takes the answers under way with it when it ends, which is noticed at once', async () => {
    const call = outcome(link.call('wait', { until: 'never' }));
    await until(() => echo.asked.includes('wait'));
    await listener?.close();
    expect(await call).toBe('ETIMEDOUT');
    expect(lost).toBe(1);
    listener = await listen();
    expect(await link.call('echo', 1)).toBe(1);
  });

  it('is waited for as long as it works', async () => {
    const patient = connect(60);
    const call = patient.call('wait', { until: 'late' });
    await until(() => echo.asked.includes('wait'));
    await sleep(400);
    echo.let('late');
    expect(await call).toBeNull();
    patient.close();
  });

  it('is given up when it is stopped', async () => {
    await listener?.close();
    listener = undefined;
    // A process that takes connections and is then stopped; the kernel goes on to take what is sent.
    const code = `require('net').createServer(() => {}).listen(${JSON.stringify(path('s'))}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.kill('SIGSTOP');
      const impatient = connect(200);
      expect(await outcome(impatient.call('echo', 1))).toBe('ETIMEDOUT');
      impatient.close();
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('bytes that are no frames', () => {
  const raw = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      const socket: Socket = createConnection(path('s'), () => socket.write(bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      socket.resume();
    });
  const framed = (body: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  };
  const hello = encodeFrame({ kind: 'hello', from: CALLER, service: 'echo' });

  it.each([
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['garbage', framed(Buffer.from('garbage'))],
    ['an empty frame', framed(Buffer.alloc(0))],
    ['a frame of another kind', framed(serialize({ kind: 'goodbye' }))],
    ['a call before the greeting', encodeFrame({ kind: 'call', id: 1, name: 'echo', request: 1 })],
    ['a second greeting', Buffer.concat([hello, hello])],
    [
      'an id that is none',
      Buffer.concat([hello, framed(serialize({ kind: 'call', id: 'x', name: 'echo' }))]),
    ],
    ['a value cut short', Buffer.concat([hello, framed(serialize({ kind: 'ping' }).subarray(0, -3))])],
  ])('close the connection: %s', async (_, bytes) => {
    await raw(bytes);
    expect(echo.asked).toEqual([]);
    expect(await link.call('echo', 1)).toBe(1);
  });

  it('close the connection when they come as an answer', async () => {
    await listener?.close();
    listener = undefined;
    const liar: Server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.write('liars lie');
    });
    await new Promise<void>((resolve) => liar.listen(path('s'), resolve));
    expect(await outcome(link.call('echo', 1))).toBe('ETIMEDOUT');
    await new Promise((resolve) => liar.close(resolve));
  });
});
