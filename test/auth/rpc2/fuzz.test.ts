import { expect, test } from 'vitest';
import { Auth2Call, decodeTokens } from '../../../src/ipc/rpc2/auth2Calls.ts';
import { decodePacket, encodePacket } from '../../../src/ipc/rpc2/packet.ts';
import { someToken } from '../../support/rpc2Accounts.ts';
import { TestNetwork } from '../../support/rpc2Network.ts';
import { TestPort, seeded, seededBytes } from '../../support/rpc2World.ts';

/** For each of the three packets of the server that are waited for: 100,000 in all. */
const PACKETS = 33_334;
const opcodes = [-2, -3, -4, -5, -6, -8, -10, -11, -12, -13, -14, -15, -2016, 1, 2, 99];

/** Packets that somebody makes up who has seen all that went by, handles and random numbers too, but has no key. */
function* madeUp(seen: readonly Uint8Array[], chance: () => number): Generator<Uint8Array, never> {
  const random = seededBytes(chance);
  const upTo = (limit: number) => Math.floor(chance() * limit);
  const [first] = seen;
  if (!first) throw new Error('nothing was sent');
  const init1 = decodePacket(first);
  const clear = () =>
    encodePacket({
      ...init1,
      remoteHandle: init1.localHandle,
      localHandle: chance() < 0.3 ? 0 : upTo(2 ** 32),
      flags: upTo(32),
      opcode: opcodes[upTo(opcodes.length)] ?? 0,
      // A BUSY is believed, and believed again: that only costs time, which stands still here.
      returnCode: chance() < 0.5 ? 0 : -2009,
      body: random(upTo(100)),
    });
  const sealed = () => {
    const datagram = random(16 + upTo(200));
    const view = new DataView(datagram.buffer);
    view.setUint32(0, init1.localHandle);
    view.setUint32(4, upTo(100));
    return datagram;
  };
  const changed = () => {
    const datagram = Uint8Array.from(seen[upTo(seen.length)] ?? first);
    for (let bytes = 1 + upTo(3); bytes > 0; bytes--) datagram[upTo(datagram.length)] = upTo(256);
    new DataView(datagram.buffer).setUint32(0, chance() < 0.5 ? 8 : init1.localHandle);
    return datagram.subarray(0, chance() < 0.7 ? datagram.length : upTo(datagram.length));
  };
  const kinds = [() => random(upTo(300)), clear, sealed, changed];
  for (;;) yield kinds[upTo(kinds.length)]?.() ?? first;
}

test(
  'a client gets its token, and takes nothing else, whatever else comes in',
  { timeout: 60_000 },
  async () => {
    const network = new TestNetwork();
    const real = network.port();
    const chance = seeded(7);
    let [delivered, inFlight] = [0, 0];
    const port = new TestPort((datagram) => real.send(datagram));
    // Before each packet of the server that counts, thousands of others come in.
    real.onDatagram((datagram) => {
      const source = madeUp(network.seen, chance);
      for (inFlight = 0; inFlight < PACKETS; inFlight++, delivered++) port.deliver(source.next().value);
      port.deliver(datagram);
    });
    const client = network.client({ port });
    await network.clock.runUntil(client.bind());
    const { code, body } = await network.clock.runUntil(client.call(Auth2Call.GetTokens, new Uint8Array(0)));
    expect(code).toBe(0);
    expect(decodeTokens(body)).toEqual(someToken);
    expect(delivered).toBeGreaterThanOrEqual(100_000);
    // It neither waited nor repeated itself.
    expect(port.sent.length).toBe(3);
    expect(network.clock.now()).toBeLessThan(10_000);
  },
);

test('a server does not end, nor lose a client, whatever else comes in', { timeout: 60_000 }, async () => {
  const network = new TestNetwork();
  const client = network.client();
  await network.clock.runUntil(client.bind());
  const source = madeUp(network.seen, seeded(8));
  const nobody = { name: 'somebody else', send: () => undefined };
  for (let count = 0; count < 20_000; count++) network.server.receive(source.next().value, nobody);
  const { body } = await network.clock.runUntil(client.call(Auth2Call.GetTokens, new Uint8Array(0)));
  expect(decodeTokens(body)).toEqual(someToken);
});
