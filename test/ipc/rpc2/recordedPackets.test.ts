import { describe, expect, test } from 'vitest';
import { type Cipher, cipherFor } from '../../../src/ipc/rpc2/cipherSuite.ts';
import { decodeInit1, encodeInit1, firstCipher } from '../../../src/ipc/rpc2/handshake.ts';
import { keyOfSecret, passwordSecret } from '../../../src/ipc/rpc2/keyDerivation.ts';
import { decodePacket, encodePacket, kindOf } from '../../../src/ipc/rpc2/packet.ts';
import { Opener, sealPacket } from '../../../src/ipc/rpc2/seal.ts';
import {
  type RecordedConversation,
  type RecordedDatagram,
  type RecordedKey,
  rpc2Conversations,
} from '../../support/rpc2Recordings.ts';

const INIT2 = -10;

/** What sealed a recorded datagram, made of the password for INIT2, else of the keys that were exchanged. */
function cipherOf(
  { password, packets, toServer, toClient }: RecordedConversation,
  of: RecordedDatagram,
): Cipher {
  if (of.fromClient) return cipherOfKey(toServer);
  if (of.header.Opcode !== INIT2) return cipherOfKey(toClient);
  const { body, header } = packets[0] ?? of;
  const { xRandom } = decodeInit1(body);
  return firstCipher(keyOfSecret(passwordSecret(password)), xRandom, header.Uniquefier);
}

function cipherOfKey(recorded: RecordedKey | undefined): Cipher {
  if (!recorded) throw new Error('no key was recorded');
  return cipherFor(recorded, recorded.key);
}

describe.each(rpc2Conversations)('$name', (conversation) => {
  test.each(conversation.packets)('$header.Opcode of $seconds s', (recorded) => {
    const { datagram, packet, sealed, header, body } = recorded;
    const decoded = decodePacket(packet);
    expect(decoded).toEqual({
      remoteHandle: header.RemoteHandle,
      localHandle: header.LocalHandle >>> 0,
      flags: header.Flags,
      sequence: header.SeqNumber >>> 0,
      opcode: header.Opcode,
      subsystem: header.SubsysId >>> 0,
      returnCode: header.ReturnCode,
      lamport: header.Lamport,
      uniquefier: header.Uniquefier,
      timestamp: header.TimeStamp,
      body,
    });
    expect(encodePacket(decoded)).toEqual(packet);
    if (!sealed) {
      expect(kindOf(datagram)).toEqual({ kind: 'clear' });
      return;
    }
    expect(kindOf(datagram)).toEqual({ kind: 'sealed', handle: sealed.spi });
    const cipher = cipherOf(conversation, recorded);
    expect(sealPacket(cipher, { ...sealed, packet })).toEqual(datagram);
    expect(new Opener(cipher).open(datagram)).toEqual({ kind: 'opened', packet });
  });
});

describe('INIT1', () => {
  const inits = rpc2Conversations.flatMap(({ packets }) =>
    packets.filter(({ header }) => header.Opcode === -5),
  );

  test.each(inits)('of $seconds s is read and written again', ({ body }) => {
    const init = decodeInit1(body);
    expect(init).toMatchObject({ securityLevel: 66, authenticationType: 2, keySize: 0 });
    expect(encodeInit1(init)).toEqual(body);
    expect(() => decodeInit1(body.subarray(0, -1))).toThrow('INIT1');
  });
});
