/** Bodies of the four packets with which a connection begins (spec/rpc2.md, 4). */
import { ProtocolError } from '../errors.ts';
import { concatBytes, encodeText } from '../text.ts';
import { Authentication, type Cipher, Encryption, type Suite, cipherFor } from './cipherSuite.ts';
import { deriveKey } from './keyDerivation.ts';
import { PackedReader, PackedWriter } from './packing.ts';
import type { XcbcKeys } from './xcbc.ts';

/** What both sides must say they are. */
export const RPC2_VERSION = 'Version 15.0: JH, 10 Dec 1998, 12:00';
/** The newest secure handshake. */
export const SECURE_VERSION = 1;
const VERSION_FIELD = 96;
const OLD_FIELDS = 92;
/** A label that has lost its meaning. */
const XOR_ENCRYPTION = 2;
const INIT1_KEY = 48;

export interface Init1 {
  readonly securityLevel: number;
  readonly authenticationType: number;
  /** Four random bytes; with the uniquefier they are the salt of the first key. */
  readonly xRandom: Uint8Array;
  readonly secureVersion: number;
  /** Bytes of key that the client would like; 0 if it does not mind. */
  readonly keySize: number;
  readonly rpc2Version: string;
  /** Who the client says it is, with a NUL where it is a name. */
  readonly identity: Uint8Array;
}

export function encodeInit1(init: Init1): Uint8Array {
  const version = new Uint8Array(VERSION_FIELD);
  version.set(encodeText(init.rpc2Version));
  const fixed = new PackedWriter()
    .u32(0)
    .u32(init.securityLevel)
    .u32(XOR_ENCRYPTION)
    .u32(init.authenticationType)
    .u32(init.identity.length)
    .u32(0)
    .bytes(init.xRandom)
    .bytes(new Uint8Array(OLD_FIELDS))
    .u32(0)
    .u32(init.secureVersion)
    .u32(init.keySize)
    .u32(0)
    .bytes(version)
    .finish();
  return concatBytes([fixed, init.identity]);
}

/** @throws ProtocolError */
export function decodeInit1(body: Uint8Array): Init1 {
  const reader = new PackedReader(body, 'INIT1');
  reader.u32();
  const securityLevel = reader.u32();
  reader.u32();
  const [authenticationType, identityLength] = [reader.u32(), reader.u32()];
  reader.u32();
  const xRandom = reader.bytes(4);
  reader.bytes(OLD_FIELDS + 4);
  const [secureVersion, keySize] = [reader.u32(), reader.u32()];
  reader.u32();
  const version = reader.bytes(VERSION_FIELD);
  const end = version.indexOf(0);
  const rpc2Version = Buffer.from(end < 0 ? version : version.subarray(0, end)).toString('latin1');
  const identity = reader.bytes(identityLength);
  return { securityLevel, authenticationType, xRandom, secureVersion, keySize, rpc2Version, identity };
}

/** What seals the first packet of the server: a key of the secret that both sides know. */
export function firstCipher(secret: XcbcKeys, xRandom: Uint8Array, uniquefier: number): Cipher {
  const salt = concatBytes([xRandom, new PackedWriter().u32(uniquefier).finish()]);
  const key = deriveKey(secret, salt, INIT1_KEY);
  const suite = { authentication: Authentication.AesXcbcMac96, encryption: Encryption.AesCbc };
  const cipher = cipherFor(suite, key);
  key.fill(0);
  return cipher;
}

/** A key for one direction, as INIT2 and INIT3 carry it. */
export interface KeyOffer {
  /** Of the secure handshake. */
  readonly version: number;
  readonly suite: Suite;
  readonly key: Uint8Array;
}

export function encodeKeyOffer({ version, suite, key }: KeyOffer): Uint8Array {
  const { authentication, encryption } = suite;
  const head = new PackedWriter().u32(version).u32(authentication).u32(encryption).finish();
  return concatBytes([head, key]);
}

/** @throws ProtocolError for a version that is not known, too */
export function decodeKeyOffer(body: Uint8Array): KeyOffer {
  const reader = new PackedReader(body, 'keys of RPC2');
  const [version, authentication, encryption] = [reader.u32(), reader.u32(), reader.u32()];
  if (version > SECURE_VERSION) throw new ProtocolError(`RPC2: secure handshake ${version} is not known`);
  return { version, suite: { authentication, encryption }, key: reader.bytes(reader.remaining) };
}

/** Bytes by which version 0 wants a longer key in INIT3. */
const MORE_KEY = 16;

/** What a client offers in answer: the same algorithms; version 0 has ones of its own. */
export function answerTo({ version, suite, key }: KeyOffer, random: (count: number) => Uint8Array): KeyOffer {
  if (version > 0) return { version, suite, key: random(key.length) };
  const old = { authentication: Authentication.AesXcbcMac96, encryption: Encryption.AesCbc };
  return { version, suite: old, key: random(key.length + MORE_KEY) };
}

const INIT4_SIZE = 24;
const SESSION_KEY = 8;

/** The number of the client's first request. */
export function decodeInit4(body: Uint8Array): number {
  if (body.length < INIT4_SIZE) throw new ProtocolError(`INIT4: ${body.length} bytes`);
  return new PackedReader(body, 'INIT4').u32();
}

/** @param sessionKey eight bytes, which have lost their meaning */
export function encodeInit4(firstSequence: number, sessionKey: Uint8Array): Uint8Array {
  const unused = new Uint8Array(INIT4_SIZE - 4 - SESSION_KEY);
  return new PackedWriter().u32(firstSequence).bytes(sessionKey).bytes(unused).finish();
}
