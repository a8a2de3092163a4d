import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Authentication, Encryption, cipherFor } from '../../../src/ipc/rpc2/cipherSuite.ts';
import { deriveKey, keyOfSecret, passwordSecret } from '../../../src/ipc/rpc2/keyDerivation.ts';
import { PackedReader, PackedWriter } from '../../../src/ipc/rpc2/packing.ts';
import { ReplayWindow } from '../../../src/ipc/rpc2/replayWindow.ts';
import { Opener, Sealer, sealPacket } from '../../../src/ipc/rpc2/seal.ts';
import { LOGIN_RETRIES, busyWait, retryTable, waitAfter } from '../../../src/ipc/rpc2/timers.ts';
import { xcbcKeys, xcbcMac } from '../../../src/ipc/rpc2/xcbc.ts';
import { bytesOfHex, plain } from '../../support/bytes.ts';
import { rpc2Primitives } from '../../support/rpc2Recordings.ts';

const { kdf, xcbc, seal_ccm8: ccm, seal_cbc_xcbc: cbc, pack_string: strings } = rpc2Primitives;
const count = (length: number) => Uint8Array.from({ length }, (_, at) => at);
const CCM8 = { authentication: Authentication.None, encryption: Encryption.AesCcm8 };
const CBC = { authentication: Authentication.AesXcbcMac96, encryption: Encryption.AesCbc };

describe('AES-XCBC-MAC', () => {
  test.each(xcbc.macs)('of $msg_len bytes is as recorded', ({ msg_len, mac }) => {
    expect(xcbcMac(xcbcKeys(bytesOfHex(xcbc.key)), count(msg_len))).toEqual(bytesOfHex(mac));
  });
});

describe('keys of passwords', () => {
  test.each(kdf)('$password8 with salt $salt', ({ password8, salt, key48 }) => {
    const key = deriveKey(keyOfSecret(bytesOfHex(password8)), bytesOfHex(salt), 48);
    expect(plain(key)).toEqual(bytesOfHex(key48));
  });

  test('are those of the first eight bytes', () => {
    expect(passwordSecret('changemeXYZ')).toEqual(passwordSecret('changeme'));
    expect(passwordSecret('abc')).toEqual(bytesOfHex('6162630000000000'));
    expect(passwordSecret('passwör')).toEqual(bytesOfHex('70617373 77c3b672'));
    expect(passwordSecret('')).toEqual(new Uint8Array(8));
  });
});

describe('a sealed packet', () => {
  test('with CCM is as recorded', () => {
    const cipher = cipherFor(CCM8, bytesOfHex(ccm.key));
    const what = { spi: ccm.spi, sequence: ccm.seq, iv: bytesOfHex(ccm.iv), packet: bytesOfHex(ccm.payload) };
    expect(sealPacket(cipher, what)).toEqual(bytesOfHex(ccm.packet));
    expect(new Opener(cipher).open(bytesOfHex(ccm.packet))).toEqual({
      kind: 'opened',
      packet: bytesOfHex(ccm.payload),
    });
  });

  test('with CBC and XCBC is as recorded, the IV made of the counter', () => {
    const cipher = cipherFor(CBC, bytesOfHex(cbc.key));
    const iv = cipher.ivOf(bytesOfHex(cbc.iv_before_encryption));
    const what = { spi: cbc.spi, sequence: cbc.seq, iv, packet: bytesOfHex(cbc.payload) };
    expect(sealPacket(cipher, what)).toEqual(bytesOfHex(cbc.packet));
    expect(new Opener(cipher).open(bytesOfHex(cbc.packet))).toEqual({
      kind: 'opened',
      packet: bytesOfHex(cbc.payload),
    });
  });

  const suites = [
    { ...CBC, size: 32 },
    { ...CBC, size: 40 },
    { ...CBC, size: 48 },
    { ...CBC, size: 16 },
    ...[Encryption.AesCcm8, Encryption.AesCcm12, Encryption.AesCcm16].flatMap((encryption) =>
      [19, 27, 35].map((size) => ({ authentication: Authentication.None, encryption, size })),
    ),
  ];

  test.each(suites)(
    'of $authentication, $encryption and $size bytes of key opens with its key alone',
    (suite) => {
      const material = count(suite.size);
      const sealer = new Sealer(300, cipherFor(suite, material), count);
      const packet = count(77);
      const datagrams = [sealer.seal(packet), sealer.seal(packet)];
      expect(datagrams[0]).not.toEqual(datagrams[1]);
      const opener = new Opener(cipherFor(suite, material));
      for (const datagram of datagrams) expect(opener.open(datagram)).toEqual({ kind: 'opened', packet });
      const other = new Opener(cipherFor(suite, count(suite.size).reverse()));
      expect(other.open(datagrams[0] ?? count(0))).toEqual({ kind: 'unverified' });
    },
  );

  test.each(suites)(
    'of $authentication, $encryption, $size does not open when any bit is changed',
    (suite) => {
      const datagram = new Sealer(300, cipherFor(suite, count(suite.size)), count).seal(count(60));
      const opener = new Opener(cipherFor(suite, count(suite.size)));
      for (let at = 0; at < datagram.length; at++) {
        const changed = Uint8Array.from(datagram);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        expect([at, opener.open(changed).kind]).toEqual([at, 'unverified']);
        expect(opener.open(datagram.subarray(0, at)).kind).toBe('unverified');
      }
      expect(opener.open(datagram).kind).toBe('opened');
      expect(opener.open(datagram).kind).toBe('replayed');
    },
  );

  test.each([
    ['what follows is not 0', 0, 1],
    ['there is more padding than bytes', 200, 0],
    ['the padding is not counted', 3, 0],
  ])('that was verified is no packet where %s', (_, padding, next) => {
    const cipher = cipherFor(CCM8, count(19));
    const bytes = new Uint8Array(80);
    bytes.set([padding, next], 78);
    const head = bytesOfHex('0000012c 00000001');
    const sealed = cipher.seal(head, count(8), bytes);
    expect(new Opener(cipher).open(Buffer.concat([head, sealed]))).toEqual({ kind: 'malformed' });
  });

  test.each([
    ['nothing hides', { authentication: 0, encryption: 11 }, 16],
    ['nothing authenticates', { authentication: 0, encryption: 12 }, 32],
    ['all can be read', { authentication: 9, encryption: 11 }, 32],
    ['nobody knows the algorithm', { authentication: 0, encryption: 13 }, 32],
    ['the key is too short', CCM8, 18],
    ['there is no key', CBC, 0],
  ])('is not made where %s', (_, suite, size) => {
    expect(() => cipherFor(suite, count(size))).toThrow('RPC2:');
  });

  test('is not opened with a key that was wiped', () => {
    const cipher = cipherFor(CCM8, count(19));
    const datagram = new Sealer(300, cipher, count).seal(count(60));
    cipher.wipe();
    expect(new Opener(cipher).open(datagram)).toEqual({ kind: 'unverified' });
  });

  test('with CCM is what any other implementation makes', () => {
    const key = count(35);
    const sealed = cipherFor({ authentication: 0, encryption: 16 }, key).seal(count(8), count(8), count(64));
    const nonce = Buffer.concat([key.subarray(32), count(8)]);
    const other = createCipheriv('aes-256-ccm', key.subarray(0, 32), nonce, { authTagLength: 16 });
    other.setAAD(count(8), { plaintextLength: 64 });
    const hidden = Buffer.concat([other.update(count(64)), other.final()]);
    expect(sealed).toEqual(plain(Buffer.concat([count(8), hidden, other.getAuthTag()])));
  });
});

describe('the replay window', () => {
  test('takes each number once, and none that is 64 or more behind', () => {
    const window = new ReplayWindow();
    const take = (number: number) => {
      const taken = window.accepts(number);
      if (taken) window.note(number);
      return taken;
    };
    expect([1, 1, 3, 2, 2, 100].map(take)).toEqual([true, false, true, true, false, true]);
    expect([36, 37, 37, 99, 100].map(take)).toEqual([false, true, false, true, false]);
    expect([0, 0xffffffff, 0xffffffff, 0xffffffc0, 0xffffffbf].map(take)).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('packing', () => {
  test.each(strings)('of the text "$value" is as recorded', ({ value, hex }) => {
    expect(new PackedWriter().string(value).finish()).toEqual(bytesOfHex(hex));
    expect(new PackedReader(bytesOfHex(hex), 'text').string()).toBe(value);
  });

  test.each(['', '00', '00000001', '0000000161', '7fffffff61000000', 'ffffffff61000000', '0000000161626300'])(
    'of a text is not read from %s',
    (hex) => {
      expect(() => new PackedReader(bytesOfHex(hex), 'text').string()).toThrow('text: ');
    },
  );
});

describe('the table of waits', () => {
  test('is as recorded', () => {
    const table = retryTable(15_000_000, 6);
    expect([...table.waits, table.keepAlive]).toEqual(rpc2Primitives.retry_table_us_keepalive15_retries6);
  });

  test('has INIT1 sent at 0, 0.10, 0.32, 0.66, 1.23, 2.27 and 4.24 s, and given up at 8.09 s', () => {
    let time = 0;
    const times = LOGIN_RETRIES.waits.map((_, number) => (time += waitAfter(LOGIN_RETRIES, number, 298)));
    expect(times).toEqual([104_380, 321_567, 655_942, 1_224_692, 2_262_192, 4_237_192, 8_087_192]);
    expect(busyWait(LOGIN_RETRIES)).toBe(3_850_000);
    expect(waitAfter(LOGIN_RETRIES, 6, 100_000_000)).toBe(30_000_000);
  });
});
