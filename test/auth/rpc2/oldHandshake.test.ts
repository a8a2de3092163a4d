import { describe, expect, test } from 'vitest';
import { Rpc2Connection } from '../../../src/auth/rpc2/connection.ts';
import { keyOfSecret, passwordSecret } from '../../../src/ipc/rpc2/keyDerivation.ts';
import { type Packet, decodePacket, encodePacket } from '../../../src/ipc/rpc2/packet.ts';
import { TestNetwork } from '../../support/rpc2Network.ts';
import { TestClock, TestPort, seeded, seededBytes } from '../../support/rpc2World.ts';

const SECRET = Buffer.from('changeme');
const SESSION = Buffer.from('8 bytes!');
const [INIT3, FIRST, ENCRYPTED] = [-11, 4_000_000_000, 2];

const xor = (bytes: Uint8Array, key: Uint8Array) => bytes.map((value, at) => value ^ (key[at % 8] ?? 0));
const words = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * at);
  return new Uint8Array(bytes);
};
const word = (bytes: Uint8Array, at: number) => Buffer.from(bytes).readUInt32BE(at);

/** A server from before the secure handshake, written down from the same sheet as the client. */
class OldServer {
  readonly seen: Packet[] = [];
  #xRandom = 0;

  answer(datagram: Uint8Array): Uint8Array {
    const isHidden = (word(datagram, 12) & ENCRYPTED) !== 0;
    const head = datagram.subarray(0, 16);
    const shown = isHidden ? Buffer.concat([head, xor(datagram.subarray(16), SESSION)]) : datagram;
    const packet = decodePacket(new Uint8Array(shown));
    this.seen.push(packet);
    const back = { ...packet, remoteHandle: packet.localHandle, localHandle: 777, flags: 0 };
    if (packet.opcode === INIT3) {
      const body = words(FIRST, 0, 0, this.#xRandom + 2, 0, 0);
      body.set(SESSION, 4);
      expect(word(xor(packet.body, SECRET), 0)).toBe(1000);
      return encodePacket({ ...back, opcode: -12, body: xor(body, SECRET) });
    }
    if (!isHidden) {
      this.#xRandom = word(xor(packet.body.subarray(24, 28), SECRET), 0);
      const body = xor(words(this.#xRandom + 1, 999, 0, 0, 0), SECRET);
      return encodePacket({ ...back, opcode: -10, body });
    }
    const reply = encodePacket({
      ...back,
      opcode: -8,
      sequence: packet.sequence + 1,
      body: words(500),
      flags: 2,
    });
    return Buffer.concat([reply.subarray(0, 16), xor(reply.subarray(16), SESSION)]);
  }
}

function client(password: string, allowed: boolean) {
  const clock = new TestClock();
  const server = new OldServer();
  const port = new TestPort((datagram, own) => {
    const answer = server.answer(datagram);
    clock.after(1000, () => own.deliver(answer));
  });
  const secret = passwordSecret(password);
  const connection = new Rpc2Connection({
    server: 'old',
    port,
    clock,
    random: seededBytes(seeded(3)),
    caller: {
      securityLevel: 66,
      authenticationType: 2,
      identity: Buffer.from('admin\0'),
      secret: keyOfSecret(secret),
      insecureSecret: allowed ? secret : undefined,
    },
    subsystem: 1,
  });
  return { connection, clock, server, port };
}

describe('a server that knows only the old handshake', () => {
  test('is refused', async () => {
    const { connection, clock, server } = client('changeme', false);
    await expect(clock.runUntil(connection.bind())).rejects.toMatchObject({ code: 'server-too-old' });
    expect(server.seen.length).toBe(1);
  });

  test('is spoken to where that is allowed', async () => {
    const { connection, clock, server, port } = client('changeme', true);
    await clock.runUntil(connection.bind());
    expect(await clock.runUntil(connection.call(6, words(1)))).toEqual({ code: 0, body: words(500) });
    expect(await clock.runUntil(connection.call(7, words()))).toMatchObject({ code: 0 });
    expect(server.seen.map(({ opcode, sequence }) => [opcode, sequence])).toEqual([
      [-5, 0],
      [INIT3, 0],
      [6, FIRST],
      [7, FIRST + 2],
    ]);
    expect(port.sent.slice(2).every((datagram) => (word(datagram, 12) & ENCRYPTED) !== 0)).toBe(true);
  });

  test('does not take a wrong password', async () => {
    const { connection, clock } = client('guess', true);
    await expect(clock.runUntil(connection.bind())).rejects.toMatchObject({ code: 'wrong-password' });
  });
});

test('the old handshake, though allowed, is not taken from a server that seals', async () => {
  const network = new TestNetwork();
  const real = network.port();
  const old = new OldServer();
  const port = new TestPort((datagram, own) => {
    if (own.sent.length === 1) {
      const forged = old.answer(datagram);
      network.clock.after(10, () => own.deliver(forged));
    }
    real.send(datagram);
  });
  real.onDatagram((datagram) => port.deliver(datagram));
  const secret = passwordSecret('changeme');
  const connection = new Rpc2Connection({
    server: 's1',
    port,
    clock: network.clock,
    random: seededBytes(seeded(4)),
    caller: {
      securityLevel: 66,
      authenticationType: 2,
      identity: Buffer.from('admin\0'),
      secret: keyOfSecret(secret),
      insecureSecret: secret,
    },
    subsystem: 1,
  });
  await network.clock.runUntil(connection.bind());
  expect(await network.clock.runUntil(connection.call(7, words()))).toMatchObject({ code: 0 });
  // All but INIT1 were sealed.
  expect(port.sent.slice(1).map((datagram) => word(datagram, 0) === 8)).toEqual([false, false]);
});
