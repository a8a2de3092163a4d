import { createDecipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Rpc2Connection } from '../../../src/auth/rpc2/connection.ts';
import type { Rpc2Error } from '../../../src/auth/rpc2/errors.ts';
import {
  AUTH2_SUBSYSTEM,
  Auth2Call,
  decodeId,
  decodeTokens,
  encodeChangePassword,
  encodeName,
} from '../../../src/ipc/rpc2/auth2Calls.ts';
import { cipherFor } from '../../../src/ipc/rpc2/cipherSuite.ts';
import { decodeInit1, encodeInit1 } from '../../../src/ipc/rpc2/handshake.ts';
import { keyOfSecret, passwordSecret } from '../../../src/ipc/rpc2/keyDerivation.ts';
import { decodePacket, encodePacket } from '../../../src/ipc/rpc2/packet.ts';
import { Opener } from '../../../src/ipc/rpc2/seal.ts';
import { formatTokenFile } from '../../../src/auth/tokenFile.ts';
import { bytesOfHex } from '../../support/bytes.ts';
import {
  type RecordedConversation,
  type RecordedDatagram,
  rpc2Conversation,
} from '../../support/rpc2Recordings.ts';
import { TestClock, TestPort, scriptedBytes } from '../../support/rpc2World.ts';

const NOTHING = new Uint8Array(0);
const CBC = 12;

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** The random numbers that the recorded client drew, in the order in which ours draws them. */
function drawsOf({ packets, toServer, toClient }: RecordedConversation) {
  const [init1, ...later] = packets.filter(({ fromClient }) => fromClient);
  if (!init1) throw new Error('no client');
  const first = [
    word(init1.header.LocalHandle),
    word(init1.header.Uniquefier),
    decodeInit1(init1.body).xRandom,
  ];
  const iv = later[0]?.sealed?.iv;
  if (!iv || !toServer || !toClient) return first;
  if (toServer.encryption !== CBC) return [...first, iv, toClient.key];
  const undo = createDecipheriv('aes-128-ecb', toServer.key.subarray(16), null).setAutoPadding(false);
  return [...first, undo.update(iv), toClient.key];
}

/** How exactly a datagram of ours must be the recorded one. */
type Compare = (ours: Uint8Array, recorded: RecordedDatagram) => void;

const toTheByte: Compare = (ours, { datagram }) => expect(ours).toEqual(datagram);

/** A client in the place of the recorded one, and a server that says what was recorded, when it was. */
function replay(conversation: RecordedConversation, password = conversation.password, compare = toTheByte) {
  const [first] = conversation.packets;
  const clock = new TestClock(first?.header.TimeStamp ?? 0);
  const left = [...conversation.packets];
  /** What the server says next, each when the client will be about to send what follows. */
  const answer = (port: TestPort) => {
    const [next, after] = left;
    if (!next || next.fromClient) return;
    left.shift();
    const stamp = after?.fromClient ? after.header.TimeStamp : clock.now() + 1;
    clock.after(Math.max(0, stamp - clock.now()), () => port.deliver(next.datagram));
  };
  const port = new TestPort((ours) => {
    const recorded = left.shift();
    if (!recorded?.fromClient) throw new Error('the recorded client said nothing here');
    compare(ours, recorded);
    answer(port);
  });
  const connection = new Rpc2Connection({
    server: 'the recorded server',
    port,
    clock,
    random: scriptedBytes(...drawsOf(conversation)),
    caller: {
      securityLevel: 66,
      authenticationType: 2,
      identity: first?.fromClient ? decodeInit1(first.body).identity : NOTHING,
      secret: keyOfSecret(passwordSecret(password)),
    },
    subsystem: AUTH2_SUBSYSTEM,
  });
  return { connection, clock, left, port };
}

describe('against the recorded server, each packet the same to the byte', () => {
  test.each(['success: bind', 'C client: clog -tofile'])('%s: a token', async (name) => {
    const conversation = rpc2Conversation(name);
    const { connection, clock, left } = replay(conversation);
    await clock.runUntil(connection.bind());
    const { code, body } = await clock.runUntil(connection.call(Auth2Call.GetTokens, NOTHING));
    expect(code).toBe(0);
    expect(conversation.result).toMatchObject({ tokenfile: formatTokenFile(decodeTokens(body)) });
    expect(await clock.runUntil(connection.call(Auth2Call.Quit, NOTHING))).toEqual({
      code: 0,
      body: NOTHING,
    });
    expect(left).toEqual([]);
  });

  test('a changed password', async () => {
    const { connection, clock, left } = replay(rpc2Conversation('change password'));
    await clock.runUntil(connection.bind());
    const { body } = await clock.runUntil(connection.call(Auth2Call.NameToId, encodeName('admin')));
    expect(decodeId(body)).toBe(500);
    const change = encodeChangePassword(500, bytesOfHex('41623378797a21'));
    expect(await clock.runUntil(connection.call(Auth2Call.ChangePassword, change))).toMatchObject({
      code: 0,
    });
    expect(left).toEqual([]);
  });

  test('a name that nobody has', async () => {
    const { connection, clock, left } = replay(rpc2Conversation('AuthNameToId of an unknown name'));
    await clock.runUntil(connection.bind());
    expect(await clock.runUntil(connection.call(Auth2Call.NameToId, encodeName('nosuch')))).toMatchObject({
      code: 1,
    });
    expect(await clock.runUntil(connection.call(Auth2Call.Quit, NOTHING))).toMatchObject({ code: 0 });
    expect(left).toEqual([]);
  });

  test('version 0 of the handshake: AES-CBC and AES-XCBC-MAC-96', async () => {
    const conversation = rpc2Conversation('RPC2SEC version 0');
    const { connection, clock, left } = replay(conversation, 'changeme', (ours, recorded) => {
      if (recorded.sealed) {
        toTheByte(ours, recorded);
        return;
      }
      // Ours knows version 1, too; the recorded client had it switched off.
      const packet = decodePacket(ours);
      const body = encodeInit1({ ...decodeInit1(packet.body), secureVersion: 0 });
      expect(encodePacket({ ...packet, body })).toEqual(recorded.datagram);
    });
    await clock.runUntil(connection.bind());
    const { body } = await clock.runUntil(connection.call(Auth2Call.GetTokens, NOTHING));
    expect(conversation.result).toMatchObject({ tokenfile: formatTokenFile(decodeTokens(body)) });
    expect(await clock.runUntil(connection.call(Auth2Call.Quit, NOTHING))).toMatchObject({ code: 0 });
    expect(left).toEqual([]);
  });

  test.each(['failure: unknown user', 'C client: clog nosuchuser'])('%s', async (name) => {
    const { connection, clock, left } = replay(rpc2Conversation(name));
    const begun = clock.now();
    await expect(clock.runUntil(connection.bind())).rejects.toMatchObject({
      code: 'unknown-user',
      classic: 'RPC2_NOTAUTHENTICATED (F)',
    } satisfies Partial<Rpc2Error>);
    expect(clock.now() - begun).toBeLessThan(1_000_000);
    expect(left).toEqual([]);
  });
});

describe('against the recorded server', () => {
  test('answers that were lost are got by asking again, and a code that is not 0 is an answer', async () => {
    const conversation = rpc2Conversation('retransmissions');
    const key = conversation.toServer ?? { authentication: 0, encryption: 0, key: NOTHING };
    const opener = new Opener(cipherFor(key, key.key));
    // The recorded client did not count its packets, and did not look at its clock when it sent one again.
    const { connection, clock, left, port } = replay(conversation, 'changeme', (ours, recorded) => {
      if (!recorded.sealed) {
        toTheByte(ours, recorded);
        return;
      }
      expect(ours.subarray(0, 16)).toEqual(recorded.datagram.subarray(0, 16));
      const opened = opener.open(ours);
      if (opened.kind !== 'opened') throw new Error(opened.kind);
      const without = (packet: Uint8Array) => ({ ...decodePacket(packet), lamport: 0, timestamp: 0 });
      expect(without(opened.packet)).toEqual(without(recorded.packet));
    });
    // The first INIT4 and the first reply get lost.
    const deliver = port.deliver.bind(port);
    port.deliver = (datagram) => {
      const at = conversation.packets.findIndex((recorded) =>
        Buffer.from(recorded.datagram).equals(datagram),
      );
      if (at !== 3 && at !== 7) deliver(datagram);
    };
    await clock.runUntil(connection.bind());
    expect(await clock.runUntil(connection.call(Auth2Call.GetTokens, NOTHING))).toMatchObject({ code: 0 });
    expect(await clock.runUntil(connection.call(99, NOTHING))).toMatchObject({ code: -3 });
    expect(await clock.runUntil(connection.call(Auth2Call.Quit, NOTHING))).toMatchObject({ code: 0 });
    expect(await clock.runUntil(connection.call(Auth2Call.GetTokens, NOTHING))).toMatchObject({ code: 1 });
    expect(left).toEqual([]);
  });

  test('a wrong password is told as such, within a second instead of eight', async () => {
    const conversation = rpc2Conversation('with password wrongpw');
    const [init1, ...answers] = conversation.packets;
    if (!init1) throw new Error('nothing was recorded');
    const clock = new TestClock(init1.header.TimeStamp);
    const port = new TestPort();
    for (const { fromClient, seconds, datagram } of answers)
      if (!fromClient) clock.after((seconds - init1.seconds) * 1e6, () => port.deliver(datagram));
    const connection = new Rpc2Connection({
      server: 'the recorded server',
      port,
      clock,
      random: scriptedBytes(...drawsOf(conversation)),
      caller: {
        securityLevel: 66,
        authenticationType: 2,
        identity: decodeInit1(init1.body).identity,
        secret: keyOfSecret(passwordSecret('wrongpw')),
      },
      subsystem: AUTH2_SUBSYSTEM,
    });
    await expect(clock.runUntil(connection.bind())).rejects.toMatchObject({
      code: 'wrong-password',
      classic: 'RPC2_NOBINDING (F)',
    } satisfies Partial<Rpc2Error>);
    expect(clock.now() - init1.header.TimeStamp).toBeLessThan(1_000_000);
    expect(port.sent).toEqual([init1.datagram]);
  });

  test('a NAK ends the attempt', async () => {
    const [, nak] = rpc2Conversation('NAKed').packets;
    const clock = new TestClock();
    const port = new TestPort(() => clock.after(1000, () => port.deliver(nak?.datagram ?? NOTHING)));
    const connection = new Rpc2Connection({
      server: 's1',
      port,
      clock,
      random: scriptedBytes(word(nak?.header.RemoteHandle ?? 0), word(1), word(2)),
      caller: { securityLevel: 66, authenticationType: 2, identity: NOTHING, secret: keyOfSecret(NOTHING) },
      subsystem: AUTH2_SUBSYSTEM,
    });
    await expect(clock.runUntil(connection.bind())).rejects.toMatchObject({
      code: 'server-refused',
      classic: 'RPC2_NAKED (F)',
    } satisfies Partial<Rpc2Error>);
  });
});
