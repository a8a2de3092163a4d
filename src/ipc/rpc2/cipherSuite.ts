/** The ciphers with which RPC2 packets are sealed (spec/rpc2.md, 3). */
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { ProtocolError } from '../errors.ts';
import { concatBytes } from '../text.ts';
import { BLOCK, type XcbcKeys, wipeXcbc, xcbcKeys, xcbcMac } from './xcbc.ts';

export const Authentication = { None: 0, AesXcbcMac96: 9 } as const;
export const Encryption = { None: 11, AesCbc: 12, AesCcm8: 14, AesCcm12: 15, AesCcm16: 16 } as const;

/** A way to protect packets, by its two numbers on the wire. */
export interface Suite {
  readonly authentication: number;
  readonly encryption: number;
}

/** One key in one direction. */
export interface Cipher {
  readonly ivSize: number;
  /** @param head what stands before the IV: it is protected, too @param iv never twice with one key */
  seal(head: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array;
  /** @returns undefined for what was not sealed with this key */
  open(head: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** What a counter becomes before it is an IV. */
  ivOf(counter: Uint8Array): Uint8Array;
  /** The key is overwritten. */
  wipe(): void;
}

const AES_SIZES = [32, 24, 16] as const;
const XCBC_KEY = 16;
const ICV_SIZE = 12;
const [SALT_SIZE, CCM_IV] = [3, 8];
const ccmTags: ReadonlyMap<number, 8 | 12 | 16> = new Map([
  [Encryption.AesCcm8, 8],
  [Encryption.AesCcm12, 12],
  [Encryption.AesCcm16, 16],
]);

/**
 * @param material keys as they were exchanged, for authentication first
 * @throws ProtocolError for a suite that does not both hide and authenticate, is not known, or has too short a key
 */
export function cipherFor({ authentication, encryption }: Suite, material: Uint8Array): Cipher {
  const tag = ccmTags.get(encryption);
  if (authentication === Authentication.None && tag !== undefined) return new CcmCipher(material, tag);
  if (authentication === Authentication.AesXcbcMac96 && material.length >= XCBC_KEY) {
    const mac = material.subarray(0, XCBC_KEY);
    if (encryption === Encryption.AesCbc) return new CbcCipher(mac, encryptionPart(material, BLOCK));
  }
  throw new ProtocolError(
    `RPC2: cannot use authentication ${authentication} with encryption ${encryption} and ${material.length} bytes of key`,
  );
}

/** What is behind the key for authentication; the same bytes again where that is too short. */
function encryptionPart(material: Uint8Array, least: number): Uint8Array {
  return material.length >= XCBC_KEY + least ? material.subarray(XCBC_KEY) : material;
}

/** The longest key of AES that is there. */
function aesKey(material: Uint8Array): Buffer {
  const size = AES_SIZES.find((wanted) => material.length >= wanted);
  if (size === undefined) throw new ProtocolError(`RPC2: a key of ${material.length} bytes is too short`);
  return Buffer.from(material.subarray(0, size));
}

/** AES in counter mode with its own authentication (RFC 4309). */
class CcmCipher implements Cipher {
  readonly ivSize = CCM_IV;
  readonly #key: Buffer;
  readonly #salt: Buffer;
  readonly #tag: 8 | 12 | 16;

  constructor(material: Uint8Array, tag: 8 | 12 | 16) {
    this.#key = aesKey(material.subarray(0, Math.max(0, material.length - SALT_SIZE)));
    this.#salt = Buffer.from(material.subarray(-SALT_SIZE));
    this.#tag = tag;
  }

  seal(head: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
    const options = { authTagLength: this.#tag };
    const cipher = createCipheriv(this.#name(), this.#key, this.#nonce(iv), options);
    cipher.setAAD(head, { plaintextLength: plain.length });
    const hidden = cipher.update(plain);
    cipher.final();
    return concatBytes([iv, hidden, cipher.getAuthTag()]);
  }

  open(head: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - CCM_IV - this.#tag;
    if (length < 0) return undefined;
    const options = { authTagLength: this.#tag };
    const nonce = this.#nonce(sealed.subarray(0, CCM_IV));
    const decipher = createDecipheriv(this.#name(), this.#key, nonce, options);
    decipher.setAuthTag(sealed.subarray(CCM_IV + length));
    decipher.setAAD(head, { plaintextLength: length });
    try {
      const plain = decipher.update(sealed.subarray(CCM_IV, CCM_IV + length));
      decipher.final();
      return new Uint8Array(plain);
    } catch {
      // The only thing that can be wrong here is the tag.
      return undefined;
    }
  }

  ivOf(counter: Uint8Array): Uint8Array {
    return counter;
  }

  wipe(): void {
    this.#key.fill(0);
    this.#salt.fill(0);
  }

  #nonce(iv: Uint8Array): Uint8Array {
    return concatBytes([this.#salt, iv]);
  }

  #name(): 'aes-128-ccm' | 'aes-192-ccm' | 'aes-256-ccm' {
    if (this.#key.length === 16) return 'aes-128-ccm';
    return this.#key.length === 24 ? 'aes-192-ccm' : 'aes-256-ccm';
  }
}

/** AES in CBC mode, and a MAC over all that is sent. */
class CbcCipher implements Cipher {
  readonly ivSize = BLOCK;
  readonly #mac: XcbcKeys;
  readonly #key: Buffer;

  constructor(mac: Uint8Array, material: Uint8Array) {
    this.#mac = xcbcKeys(mac);
    this.#key = aesKey(material);
  }

  seal(head: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
    const cipher = createCipheriv(this.#name('cbc'), this.#key, iv).setAutoPadding(false);
    const hidden = concatBytes([iv, cipher.update(plain)]);
    return concatBytes([hidden, this.#tagOf(head, hidden)]);
  }

  open(head: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const end = sealed.length - ICV_SIZE;
    if (end < 2 * BLOCK || end % BLOCK !== 0) return undefined;
    const hidden = sealed.subarray(0, end);
    if (!timingSafeEqual(this.#tagOf(head, hidden), sealed.subarray(end))) return undefined;
    const iv = hidden.subarray(0, BLOCK);
    const decipher = createDecipheriv(this.#name('cbc'), this.#key, iv).setAutoPadding(false);
    return new Uint8Array(decipher.update(hidden.subarray(BLOCK)));
  }

  ivOf(counter: Uint8Array): Uint8Array {
    const cipher = createCipheriv(this.#name('ecb'), this.#key, null).setAutoPadding(false);
    return new Uint8Array(cipher.update(counter));
  }

  wipe(): void {
    wipeXcbc(this.#mac);
    this.#key.fill(0);
  }

  #tagOf(head: Uint8Array, hidden: Uint8Array): Uint8Array {
    return xcbcMac(this.#mac, concatBytes([head, hidden])).subarray(0, ICV_SIZE);
  }

  #name(mode: 'cbc' | 'ecb'): string {
    return `aes-${this.#key.length * 8}-${mode}`;
  }
}
