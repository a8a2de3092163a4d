import { createDecipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Token } from '../../../../src/ipc/clearToken.ts';
import { decodeTokens } from '../../../../src/ipc/rpc2/auth2Calls.ts';
import { type Cipher, cipherFor } from '../../../../src/ipc/rpc2/cipherSuite.ts';
import { decodeInit1, firstCipher } from '../../../../src/ipc/rpc2/handshake.ts';
import { keyOfSecret, passwordSecret } from '../../../../src/ipc/rpc2/keyDerivation.ts';
import { type Packet, decodePacket } from '../../../../src/ipc/rpc2/packet.ts';
import { Opener } from '../../../../src/ipc/rpc2/seal.ts';
import { Auth2Server } from '../../../../src/venus/server/auth2/auth2Server.ts';
import { accountsWith, someToken } from '../../../support/rpc2Accounts.ts';
import {
  type RecordedConversation,
  type RecordedDatagram,
  rpc2Conversation,
  rpc2Conversations,
} from '../../../support/rpc2Recordings.ts';
import { TestClock, scriptedBytes } from '../../../support/rpc2World.ts';

const [INIT2, INIT4, REPLY, NAKED] = [-10, -12, -8, -2016];
const CBC = 12;

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function undoBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const name = key.length === 32 ? 'aes-256-ecb' : 'aes-128-ecb';
  return createDecipheriv(name, key, null).setAutoPadding(false).update(block);
}

/** The random numbers that the recorded server drew, in the order in which ours draws them. */
function drawsOf({ packets, firstKey, toServer, toClient }: RecordedConversation): readonly Uint8Array[] {
  const answers = packets.filter(({ fromClient, header }) => !fromClient && header.Opcode !== NAKED);
  const [init2, ...later] = answers;
  if (!init2) return [];
  const handle = word(init2.header.LocalHandle);
  if (!init2.sealed || !firstKey || !toServer) return [handle];
  const first = [handle, toServer.key, undoBlock(firstKey.subarray(16), init2.sealed.iv)];
  const init4 = later.find(({ header }) => header.Opcode === INIT4);
  if (!init4?.sealed || !toClient) return first;
  const iv =
    toClient.encryption === CBC ? undoBlock(toClient.key.subarray(16), init4.sealed.iv) : init4.sealed.iv;
  return [...first, iv, init4.body.subarray(0, 4), init4.body.subarray(4, 12)];
}

function tokenOf({ packets }: RecordedConversation): Token {
  const found = packets.find(
    ({ header, body }) => header.Opcode === REPLY && header.ReturnCode === 0 && body.length === 80,
  );
  return found ? decodeTokens(found.body) : someToken;
}

/** What is defined of a packet: the rest of some bodies is memory of the server, and its clock was its own. */
function defined(packet: Packet) {
  const isRefusal = packet.opcode === INIT2 && packet.returnCode !== 0;
  const isFailure = packet.opcode === REPLY && packet.returnCode !== 0;
  const known = isRefusal || isFailure ? 0 : packet.opcode === INIT4 ? 12 : packet.body.length;
  return { ...packet, timestamp: 0, bodyLength: packet.body.length, body: packet.body.subarray(0, known) };
}

/** Opens what our server sends, with the keys of the recording. */
class Reader {
  readonly #first: Opener | undefined;
  readonly #later: Opener | undefined;

  constructor({ packets, password, toClient }: RecordedConversation) {
    const init1 = packets[0];
    if (init1?.header.Opcode === -5) {
      const { xRandom } = decodeInit1(init1.body);
      const key = keyOfSecret(passwordSecret(password));
      this.#first = new Opener(firstCipher(key, xRandom, init1.header.Uniquefier));
    }
    this.#later = toClient && new Opener(cipherOf(toClient));
  }

  open(datagram: Uint8Array, { header }: RecordedDatagram): Uint8Array {
    const opener = header.Opcode === INIT2 ? this.#first : this.#later;
    const opened = opener?.open(datagram);
    if (opened?.kind !== 'opened') throw new Error(`not opened: ${opened?.kind}`);
    return opened.packet;
  }
}

function cipherOf(key: { authentication: number; encryption: number; key: Uint8Array }): Cipher {
  return cipherFor(key, key.key);
}

/** Says to our server what the recorded client said, and looks at each answer. */
async function replay(conversation: RecordedConversation) {
  const clock = new TestClock();
  const { accounts, changes } = accountsWith(conversation.password, tokenOf(conversation));
  const firstAnswer = conversation.packets.find(({ fromClient }) => !fromClient);
  const sent: Uint8Array[] = [];
  const server = new Auth2Server({
    accounts,
    clock,
    random: scriptedBytes(...drawsOf(conversation)),
    lamport: (firstAnswer?.header.Lamport ?? 1) - 1,
  });
  const reader = new Reader(conversation);
  const peer = { name: 'the recorded client', send: (datagram: Uint8Array) => void sent.push(datagram) };
  for (const recorded of conversation.packets) {
    if (recorded.fromClient) {
      server.receive(recorded.datagram, peer);
      await clock.run(0);
    } else {
      const ours = sent.shift();
      if (!ours) throw new Error(`no answer where the server said ${recorded.header.Opcode}`);
      if (recorded.sealed) {
        const ivEnd = 8 + recorded.sealed.iv.length;
        expect(ours.length).toBe(recorded.datagram.length);
        expect(ours.subarray(0, ivEnd)).toEqual(recorded.datagram.subarray(0, ivEnd));
      }
      const packet = recorded.sealed ? reader.open(ours, recorded) : ours;
      expect(defined(decodePacket(packet))).toEqual(defined(decodePacket(recorded.packet)));
    }
  }
  return { sent, changes, server, clock };
}

describe('our auth2 says to the recorded clients what the real one said', () => {
  const whole = rpc2Conversations.filter(({ name }) => !name.includes('wrongpw'));

  test.each(whole)('$name', async (conversation) => {
    const { sent } = await replay(conversation);
    expect(sent).toEqual([]);
  });

  test('and changes the password that it is told to', async () => {
    const { changes } = await replay(rpc2Conversation('change password'));
    expect(changes).toEqual(['500 changes 500 Ab3xyz!']);
  });

  test('and to one with a wrong password, again and again, what it cannot open', async () => {
    const conversation = rpc2Conversation('wrongpw');
    const { sent, clock } = await replay({ ...conversation, packets: conversation.packets.slice(0, 2) });
    await clock.run(20_000_000);
    const all = conversation.packets.filter(({ fromClient }) => !fromClient);
    expect(sent.length).toBe(all.length - 1);
    const reader = new Reader(conversation);
    for (const [at, { packet, ...recorded }] of all.slice(1).entries())
      expect(defined(decodePacket(reader.open(sent[at] ?? packet, { packet, ...recorded })))).toEqual(
        defined(decodePacket(packet)),
      );
    expect(clock.pending).toBe(0);
  });
});
