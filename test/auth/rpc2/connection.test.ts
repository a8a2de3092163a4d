import { describe, expect, test } from 'vitest';
import { Rpc2Error } from '../../../src/auth/rpc2/errors.ts';
import { Auth2Call, decodeTokens, encodeName } from '../../../src/ipc/rpc2/auth2Calls.ts';
import { type Packet, decodePacket, encodePacket } from '../../../src/ipc/rpc2/packet.ts';
import { accountsWith, someToken } from '../../support/rpc2Accounts.ts';
import { type Faults, TestNetwork } from '../../support/rpc2Network.ts';
import { TestPort } from '../../support/rpc2World.ts';

const NOTHING = new Uint8Array(0);
const second = 1_000_000;

async function login(network: TestNetwork, who?: Parameters<TestNetwork['client']>[0]) {
  const client = network.client(who);
  await network.clock.runUntil(client.bind());
  const { code, body } = await network.clock.runUntil(client.call(Auth2Call.GetTokens, NOTHING));
  expect(code).toBe(0);
  return { client, token: decodeTokens(body) };
}

describe('a login over RPC2', () => {
  test.each([0, 16, 19, 24, 27, 32, 35, 64])('with %d bytes of key gets the token', async (keySize) => {
    const { token } = await login(new TestNetwork(), { keySize });
    expect(token).toEqual(someToken);
  });

  test.each(['changeme', 'changemeXYZ'])('takes %s, as eight bytes count', async (password) => {
    expect((await login(new TestNetwork(), { password })).token).toEqual(someToken);
  });

  test('takes the number of a user in the place of his name', async () => {
    expect((await login(new TestNetwork(), { user: '500' })).token).toEqual(someToken);
  });

  test('shows neither password nor token to those who listen', async () => {
    const network = new TestNetwork();
    await login(network);
    const all = Buffer.concat(network.seen);
    for (const secret of [Buffer.from('changeme'), someToken.secret, someToken.clear.handshakeKey])
      expect(all.includes(Buffer.from(secret))).toBe(false);
    expect(all.includes('admin')).toBe(true);
  });

  const badNetworks: readonly (readonly [string, Faults])[] = [
    ['loses', { loss: 0.25 }],
    ['doubles', { duplicates: 0.9 }],
    ['delays and reorders', { delay: 150_000, duplicates: 0.3 }],
    ['adds garbage to', { garbage: 1 }],
    ['does all of it to', { loss: 0.15, duplicates: 0.3, delay: 60_000, garbage: 0.5 }],
  ];
  const runs = badNetworks.flatMap(([what, faults]) =>
    [1, 2, 3, 4, 5, 6].map((seed) => ({ what, seed, faults })),
  );

  test.each(runs)('gets through where the network $what datagrams ($seed)', async ({ faults, seed }) => {
    const network = new TestNetwork(faults, seed);
    const { client, token } = await login(network);
    expect(token).toEqual(someToken);
    for (let round = 0; round < 5; round++)
      expect(await network.clock.runUntil(client.call(Auth2Call.NameToId, encodeName('admin')))).toEqual({
        code: 0,
        body: Uint8Array.of(0, 0, 1, 244),
      });
    client.unbind();
  });

  test.each([1, 2, 3])('is not disturbed by forgeries beside the real packets (%d)', async (seed) => {
    const network = new TestNetwork({ forgeries: 1, delay: 20_000 }, seed);
    expect((await login(network)).token).toEqual(someToken);
  });

  test('performs no change twice, however often it is sent', async () => {
    const network = new TestNetwork({ loss: 0.3, duplicates: 0.8, delay: 200_000 }, 9);
    const { client } = await login(network);
    const change = Uint8Array.of(0, 0, 1, 244, 0, 0, 0, 3, 97, 98, 99, 0);
    expect(await network.clock.runUntil(client.call(Auth2Call.ChangePassword, change))).toMatchObject({
      code: 0,
    });
    await network.clock.run(60 * second);
    expect(network.changes).toEqual(['500 changes 500 abc']);
  });
});

describe('a login over RPC2 that fails tells why:', () => {
  const refusal = (network: TestNetwork, who: Parameters<TestNetwork['client']>[0]) => {
    const begun = network.clock.now();
    return network.clock.runUntil(network.client(who).bind()).then(
      () => expect.unreachable('it did not fail'),
      (error: unknown) => ({ error, after: (network.clock.now() - begun) / second }),
    );
  };

  test('a wrong password', async () => {
    const { error, after } = await refusal(new TestNetwork(), { password: 'guess' });
    expect(error).toMatchObject({ code: 'wrong-password', classic: 'RPC2_NOBINDING (F)' });
    expect(after).toBeLessThan(1);
  });

  test('an unknown user', async () => {
    const { error, after } = await refusal(new TestNetwork(), { user: 'nobody' });
    expect(error).toMatchObject({ code: 'unknown-user', classic: 'RPC2_NOTAUTHENTICATED (F)' });
    expect(after).toBeLessThan(1);
  });

  test('a server that is dead, after seven attempts at the times of the C library', async () => {
    const times: number[] = [];
    const network = new TestNetwork();
    const port = new TestPort(() => times.push(network.clock.now()));
    const { error, after } = await refusal(network, { port });
    expect(error).toMatchObject({ code: 'server-dead', classic: 'RPC2_NOBINDING (F)' });
    expect(times).toEqual([0, 104_380, 321_567, 655_942, 1_224_692, 2_262_192, 4_237_192]);
    expect(after).toBeCloseTo(8.087, 3);
    const [first, ...others] = port.sent.map(decodePacket);
    expect(first?.flags).toBe(0x10);
    for (const [at, other] of others.entries())
      expect(other).toEqual({ ...first, flags: 0x11, timestamp: times[at + 1] });
  });

  test('a server that is busy, after 15 s, asked anew each time it has said so', async () => {
    const network = new TestNetwork();
    const times: number[] = [];
    const port = new TestPort((datagram, own) => {
      times.push(network.clock.now() / second);
      const init1 = decodePacket(datagram);
      network.clock.after(1000, () => own.deliver(encodePacket(busyFor(init1))));
    });
    const { error, after } = await refusal(network, { port });
    expect(error).toMatchObject({ code: 'server-busy', classic: 'RPC2_NOBINDING (F)' });
    expect(times).toEqual([0, 3.851, 7.702, 11.553]);
    expect(after).toBeCloseTo(15.404, 3);
  });

  test('a server that is busy for a while is waited for', async () => {
    const network = new TestNetwork();
    const real = network.port();
    let refusals = 2;
    const port = new TestPort((datagram, own) => {
      if (refusals-- > 0)
        network.clock.after(1000, () => own.deliver(encodePacket(busyFor(decodePacket(datagram)))));
      else real.send(datagram);
    });
    real.onDatagram((datagram) => port.deliver(datagram));
    expect((await login(network, { port })).token).toEqual(someToken);
  });

  test.each([
    ['too old, as it offers the old handshake', 0],
    ['too old, as it speaks another version', -2],
  ])('a server that is %s', async (_, returnCode) => {
    const network = new TestNetwork();
    const port = new TestPort((datagram, own) => {
      const answer = encodePacket(refusalOf(decodePacket(datagram), returnCode));
      network.clock.after(1000, () => own.deliver(answer));
    });
    const { error } = await refusal(network, { port });
    expect(error).toMatchObject({ code: 'server-too-old', classic: 'RPC2_OLDVERSION (W)' });
    expect(error instanceof Rpc2Error ? error.next : '').toContain('--allow-insecure');
  });

  test('a server that dies during the handshake', async () => {
    const network = new TestNetwork();
    const real = network.port();
    const port = new TestPort((datagram) => {
      if (port.sent.length === 1) real.send(datagram);
    });
    real.onDatagram((datagram) => port.deliver(datagram));
    const { error } = await refusal(network, { port });
    expect(error).toMatchObject({ code: 'server-dead' });
  });

  test('a server that dies after it, about eight seconds later; then the connection is of no use', async () => {
    const network = new TestNetwork();
    const { client } = await login(network);
    network.faults = { loss: 1 };
    const begun = network.clock.now();
    await expect(network.clock.runUntil(client.call(Auth2Call.Quit, NOTHING))).rejects.toMatchObject({
      code: 'connection-lost',
      classic: 'RPC2_DEAD (F)',
    } satisfies Partial<Rpc2Error>);
    expect((network.clock.now() - begun) / second).toBeCloseTo(8.08, 1);
    await expect(client.call(Auth2Call.Quit, NOTHING)).rejects.toThrow('outside a connection');
  });
});

describe('bad news that anybody could have sent', () => {
  /** A network on which something comes in as an answer to the first datagram, before the real one. */
  function withForgery(forge: (init1: Packet) => Uint8Array) {
    const network = new TestNetwork();
    const real = network.port();
    const port = new TestPort((datagram, own) => {
      if (own.sent.length === 1) network.clock.after(50, () => own.deliver(forge(decodePacket(datagram))));
      real.send(datagram);
    });
    real.onDatagram((datagram) => port.deliver(datagram));
    return { network, port };
  }

  test.each<[string, (init1: Packet) => Uint8Array]>([
    ['a refusal', (init1) => encodePacket(refusalOf(init1, -2009))],
    ['an offer of the old handshake', (init1) => encodePacket(refusalOf(init1, 0))],
    ['a NAK', (init1) => encodePacket({ ...refusalOf(init1, 0), opcode: -2016, localHandle: 0xffffffff })],
    ['a sealed packet of another key', ({ localHandle }) => forgedFor(localHandle)],
  ])('is not believed where the server itself says otherwise: %s', async (_, forge) => {
    const { network, port } = withForgery(forge);
    expect((await login(network, { port })).token).toEqual(someToken);
  });

  test.each<[string, (init1: Packet) => Packet]>([
    ['of another connection', (init1) => ({ ...refusalOf(init1, -2009), uniquefier: init1.uniquefier ^ 1 })],
    ['for another handle', (init1) => ({ ...refusalOf(init1, -2009), remoteHandle: init1.localHandle ^ 1 })],
    ['that is no answer', (init1) => ({ ...refusalOf(init1, -2009), opcode: -8 })],
  ])('is not even noticed %s', async (_, forge) => {
    const network = new TestNetwork();
    const port = new TestPort((datagram, own) => {
      const answer = encodePacket(forge(decodePacket(datagram)));
      network.clock.after(50, () => own.deliver(answer));
    });
    await expect(network.clock.runUntil(network.client({ port }).bind())).rejects.toMatchObject({
      code: 'server-dead',
    });
  });
});

describe('a call that takes long', () => {
  test('is waited for as long as the server says that it works on it', async () => {
    const slow = accountsWith();
    const network = new TestNetwork({}, 1, slow);
    const patient = network.client();
    await network.clock.runUntil(patient.bind());
    slow.accounts.deleteUser = () =>
      new Promise((resolve) => network.clock.after(60 * second, () => resolve(0)));
    const before = network.seen.length;
    const begun = network.clock.now();
    const call = patient.call(Auth2Call.DeleteUser, Uint8Array.of(0, 0, 1, 245));
    expect(await network.clock.runUntil(call)).toEqual({ code: 0, body: NOTHING });
    expect((network.clock.now() - begun) / second).toBeCloseTo(60, 0);
    // A request and a BUSY every 3.85 s, and what comes before the first one.
    expect(network.seen.length - before).toBeLessThan(2 * (60 / 3.85) + 6);
  });
});

function busyFor(init1: Packet): Packet {
  const { localHandle: remoteHandle } = init1;
  return { ...init1, remoteHandle, localHandle: 0, opcode: -14, sequence: 0xffffffff, body: NOTHING };
}

function refusalOf(init1: Packet, returnCode: number): Packet {
  const { localHandle: remoteHandle } = init1;
  return {
    ...init1,
    remoteHandle,
    localHandle: 777,
    flags: 0,
    opcode: -10,
    returnCode,
    body: new Uint8Array(20),
  };
}

function forgedFor(handle: number): Uint8Array {
  const datagram = new Uint8Array(132).fill(7);
  const view = new DataView(datagram.buffer);
  view.setUint32(0, handle);
  view.setUint32(4, 1);
  return datagram;
}
