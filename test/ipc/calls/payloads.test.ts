import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMountPoint } from '../../../src/ipc/calls/addMountPoint.ts';
import { checkpointLog } from '../../../src/ipc/calls/checkpointLog.ts';
import { checkServers } from '../../../src/ipc/calls/checkServers.ts';
import { deleteMountPoint } from '../../../src/ipc/calls/deleteMountPoint.ts';
import { getFid } from '../../../src/ipc/calls/getFid.ts';
import { getMountPoint } from '../../../src/ipc/calls/getMountPoint.ts';
import { getParentFid } from '../../../src/ipc/calls/getParentFid.ts';
import { getPath } from '../../../src/ipc/calls/getPath.ts';
import { getToken } from '../../../src/ipc/calls/getToken.ts';
import { getTokenOwner } from '../../../src/ipc/calls/getTokenOwner.ts';
import { getVolumeStatus } from '../../../src/ipc/calls/getVolumeStatus.ts';
import { listLocal } from '../../../src/ipc/calls/listLocal.ts';
import { listRealms } from '../../../src/ipc/calls/listRealms.ts';
import { listServers } from '../../../src/ipc/calls/listServers.ts';
import { setToken } from '../../../src/ipc/calls/setToken.ts';
import { setVolumeStatus } from '../../../src/ipc/calls/setVolumeStatus.ts';
import { setZoneLimits } from '../../../src/ipc/calls/setZoneLimits.ts';
import { speakForUser } from '../../../src/ipc/calls/speakForUser.ts';
import { waitForever } from '../../../src/ipc/calls/waitForever.ts';
import { whereIs } from '../../../src/ipc/calls/whereIs.ts';
import { writeDisconnect } from '../../../src/ipc/calls/writeDisconnect.ts';
import { type Codec, nothing } from '../../../src/ipc/codec.ts';
import { ProtocolError } from '../../../src/ipc/errors.ts';
import { anyBytes, dottedQuad, i32, name, u32, u8 } from '../../support/arbitraries.ts';
import { bytesOfHex, bytesOfText, joinBytes, plain } from '../../support/bytes.ts';

const fid = fc.record({ volume: u32, vnode: u32, unique: u32 });
const realmFid = fc.record({ volume: u32, vnode: u32, unique: u32, realm: name(64) });
const storeId = fc.record({ host: u32, unique: u32 });
const versionVector = fc.record({
  versions: fc.array(i32, { minLength: 8, maxLength: 8 }),
  storeId,
  flags: u32,
});
const volumeStatus = fc.record({
  volume: u32,
  parent: u32,
  online: u8,
  inService: u8,
  blessed: u8,
  needsSalvage: u8,
  type: i32,
  minQuota: i32,
  maxQuota: i32,
  blocksUsed: i32,
  partitionBlocksAvailable: i32,
  partitionBlocks: i32,
  unused: i32,
});
const token = fc.record({
  clear: fc.record({
    authHandle: i32,
    handshakeKey: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    viceId: i32,
    begins: i32,
    ends: i32,
  }),
  secret: fc.uint8Array({ minLength: 56, maxLength: 56 }),
});
const usedAddress = dottedQuad.filter((address) => address !== '0.0.0.0');

function comesBack<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(codec.decode(codec.encode(value))).toEqual(value);
    }),
  );
}

describe('every value of a payload comes back from its bytes', () => {
  test('getvolstat, with a log of more bytes than a double can count', () => {
    const report = fc.record({
      status: volumeStatus,
      name: name(31),
      connection: i32,
      conflict: fc.boolean(),
      logEntries: i32,
      offlineMessage: name(255),
      messageOfTheDay: name(255),
      reintegrationAge: u32,
      reintegrationTime: u32,
      logBytes: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    });
    comesBack(getVolumeStatus.reply, report);
    comesBack(getVolumeStatus.request, fc.option(fc.boolean(), { nil: undefined }));
  });

  test('setvolstat', () => {
    const settings = fc.record({
      status: volumeStatus,
      name: name(31),
      offlineMessage: name(255),
      messageOfTheDay: name(255),
    });
    comesBack(setVolumeStatus.request, settings);
    comesBack(setVolumeStatus.reply, settings);
  });

  test('getfid, getpfid, getpath and getmountpoint', () => {
    comesBack(getFid.reply, fc.record({ fid: realmFid, versionVector }));
    comesBack(getParentFid.request, realmFid);
    comesBack(getParentFid.reply, fid);
    comesBack(getPath.request, realmFid);
    comesBack(getMountPoint.request, fc.record({ volume: u32, realm: name(64) }));
  });

  test('tokens', () => {
    comesBack(getToken.reply, token);
    comesBack(setToken.request, fc.record({ token, realm: name(63) }));
  });

  test('mount points', () => {
    const entry = name(255).filter((text) => !text.includes('/'));
    comesBack(addMountPoint.request, fc.record({ entry, volume: name(31) }));
    comesBack(deleteMountPoint.request, name(255));
  });

  test('servers', () => {
    const replicas = fc.array(fc.record({ address: usedAddress, replicaVolume: u32 }), { maxLength: 8 });
    comesBack(whereIs.reply, replicas);
    comesBack(checkServers.request, fc.array(dottedQuad, { maxLength: 8 }));
    comesBack(checkServers.reply, fc.array(usedAddress, { maxLength: 30 }));
    comesBack(
      listServers.reply,
      fc.array(fc.record({ address: dottedQuad, name: name(40) }), { maxLength: 5 }),
    );
  });

  test('limits of modify logs, and what is done with them', () => {
    const limit = fc.option(fc.nat({ max: 0xfffffffe }), { nil: undefined });
    comesBack(writeDisconnect.request, fc.record({ age: limit, time: limit }));
    comesBack(setZoneLimits.request, fc.record({ red: i32, yellow: i32 }));
    comesBack(waitForever.request, fc.record({ forever: fc.boolean(), realm: name(64) }));
    comesBack(checkpointLog.request, fc.option(name(200), { nil: undefined }));
    const number = fc.nat({ max: 999_999_999 });
    comesBack(
      listLocal.request,
      fc.record({ action: number, argument: number }, { requiredKeys: ['action'] }),
    );
  });

  test('realms and users of the embedded venus', () => {
    comesBack(listRealms.reply, fc.array(name(64), { maxLength: 5 }));
    comesBack(speakForUser.request, u32);
    comesBack(getTokenOwner.reply, name(64));
  });
});

describe('names in payloads', () => {
  const bytesOfName = anyBytes.map((bytes) => bytes.filter((byte) => byte !== 0 && byte !== 0x2f));

  test('keep every byte, whether they are UTF-8 or not', () => {
    fc.assert(
      fc.property(bytesOfName, (bytes) => {
        const withEnd = joinBytes(bytes, new Uint8Array(1));
        const entry = deleteMountPoint.request.decode(withEnd);
        expect(plain(deleteMountPoint.request.encode(entry))).toEqual(withEnd);
        const mount = joinBytes(bytes, bytesOfText('/'), bytes, new Uint8Array(1));
        expect(plain(addMountPoint.request.encode(addMountPoint.request.decode(mount)))).toEqual(mount);
      }),
    );
  });
});

describe('payloads that are none', () => {
  const codecs: readonly Pick<Codec<unknown>, 'decode'>[] = [
    getVolumeStatus.request,
    getVolumeStatus.reply,
    setVolumeStatus.request,
    getFid.request,
    getFid.reply,
    getParentFid.request,
    getParentFid.reply,
    getMountPoint.request,
    getToken.request,
    getToken.reply,
    setToken.request,
    addMountPoint.request,
    whereIs.reply,
    checkServers.request,
    checkServers.reply,
    listServers.reply,
    listRealms.reply,
    speakForUser.request,
    writeDisconnect.request,
    setZoneLimits.request,
    waitForever.request,
    checkpointLog.request,
    listLocal.request,
  ];

  test('are refused with ProtocolError and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codecs), fc.uint8Array({ maxLength: 160 }), (codec, bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    { what: 'a getvolstat reply that ends after its name', codec: getVolumeStatus.reply, bytes: 'name' },
    { what: 'a getvolstat reply whose name has no end', codec: getVolumeStatus.reply, bytes: 'no end' },
  ])('$what is refused', ({ codec, bytes }) => {
    const start = joinBytes(new Uint8Array(40), bytesOfText(bytes === 'name' ? 'name\0' : bytes));
    expect(() => codec.decode(start)).toThrow(ProtocolError);
  });

  test('a getvolstat reply cut anywhere is refused', () => {
    const whole = getVolumeStatus.reply.encode({
      status: {
        volume: 1,
        parent: 2,
        online: 1,
        inService: 1,
        blessed: 1,
        needsSalvage: 0,
        type: 0,
        minQuota: 0,
        maxQuota: 0,
        blocksUsed: 0,
        partitionBlocksAvailable: 0,
        partitionBlocks: 0,
        unused: 0,
      },
      name: 'v',
      connection: 2,
      conflict: false,
      logEntries: 0,
      offlineMessage: '',
      messageOfTheDay: '',
      reintegrationAge: 0,
      reintegrationTime: 0,
      logBytes: 0n,
    });
    for (let length = 0; length < whole.length; length++) {
      expect(() => getVolumeStatus.reply.decode(whole.subarray(0, length)), `${length} bytes`).toThrow(
        ProtocolError,
      );
    }
  });

  test('more servers announced than follow are refused, negative numbers of them too', () => {
    for (const input of ['03000000 7f000001 0a010101', 'ffffffff 7f000001', 'ffffff7f']) {
      expect(() => checkServers.request.decode(bytesOfHex(input)), input).toThrow(ProtocolError);
    }
  });

  test('a list of servers down without its closing zero is refused', () => {
    expect(() => checkServers.reply.decode(bytesOfHex('0a4d0001 0a4d0002'))).toThrow(ProtocolError);
  });

  test('a token with halves of other lengths is refused', () => {
    const good = joinBytes(
      bytesOfHex('38000000'),
      new Uint8Array(56),
      bytesOfHex('18000000'),
      new Uint8Array(24),
    );
    expect(getToken.reply.decode(good).clear.viceId).toBe(0);
    for (const at of [0, 60]) {
      const bad = Uint8Array.from(good, (byte, index) => (index === at ? byte + 1 : byte));
      expect(() => getToken.reply.decode(bad)).toThrow(ProtocolError);
    }
  });

  test('a settoken request is taken whatever its length words say, as a real venus takes it', () => {
    const odd = joinBytes(
      bytesOfHex('ffffffff'),
      new Uint8Array(56),
      bytesOfHex('00000000'),
      new Uint8Array(88),
    );
    expect(setToken.request.decode(odd).realm).toBe('');
  });

  test('a mount point without a slash is refused', () => {
    expect(() => addMountPoint.request.decode(bytesOfText('entry\0'))).toThrow(ProtocolError);
  });

  test('a flag of another length than 0 or 4 is refused', () => {
    expect(getFid.request.decode(bytesOfHex(''))).toBeUndefined();
    expect(getFid.request.decode(bytesOfHex('01000000'))).toBe(true);
    expect(getFid.request.decode(bytesOfHex('00000000'))).toBe(false);
    for (const input of ['01', '0100', '010000', '0100000000']) {
      expect(() => getFid.request.decode(bytesOfHex(input)), input).toThrow(ProtocolError);
    }
  });
});

describe('payloads at their limits', () => {
  test('an age or time that would mean "as it is" is not sent, and neither is a fraction', () => {
    const { request } = writeDisconnect;
    expect(plain(request.encode({ age: 0xfffffffe, time: undefined }))).toEqual(
      bytesOfHex('feffffff ffffffff'),
    );
    for (const wrong of [0xffffffff, -1, 0.5, NaN, Infinity]) {
      expect(() => request.encode({ age: wrong, time: 0 }), String(wrong)).toThrow(ProtocolError);
      expect(() => request.encode({ age: 0, time: wrong }), String(wrong)).toThrow(ProtocolError);
    }
  });

  test('a writedisconnect request that is too short sets nothing', () => {
    for (const input of ['', '3c000000', '3c000000 307500']) {
      expect(() => writeDisconnect.request.decode(bytesOfHex(input)), input).toThrow(ProtocolError);
    }
  });

  test('a repair command never begins with anything but a number, which would end a real venus', () => {
    for (const action of [-1, 0.5, NaN, 1e21]) {
      expect(() => listLocal.request.encode({ action }), String(action)).toThrow(ProtocolError);
    }
    for (const text of ['8', '\0', 'x\0', ' 8\0', '8x\0', '-1\0', '8 \0', '1 1 1\0', '1234567890\0']) {
      expect(() => listLocal.request.decode(bytesOfText(text)), text).toThrow(ProtocolError);
    }
    expect(listLocal.request.decode(bytesOfText('1 1\0stale'))).toEqual({ action: 1, argument: 1 });
    expect(listLocal.request.decode(bytesOfText('99\0'))).toEqual({ action: 99 });
  });

  test('a checkpoint directory without its NUL is refused', () => {
    expect(() => checkpointLog.request.decode(bytesOfText('/tmp'))).toThrow(ProtocolError);
    expect(checkpointLog.request.decode(bytesOfText('\0'))).toBe('');
  });

  test('any number but 0 means to wait forever', () => {
    const decoded = waitForever.request.decode(joinBytes(bytesOfHex('00000080'), bytesOfText('r.org\0')));
    expect(decoded).toEqual({ forever: true, realm: 'r.org' });
    expect(() => waitForever.request.encode({ forever: true, realm: 'r'.repeat(65) })).toThrow(ProtocolError);
  });

  test('a getmountpoint request may have a realm field of any length with its NUL', () => {
    const short = joinBytes(bytesOfHex('0100007f'), bytesOfText('r.org\0'));
    expect(getMountPoint.request.decode(short)).toEqual({ volume: 0x7f000001, realm: 'r.org' });
  });

  test('a realm that does not fit its field with a NUL is not sent', () => {
    const wide = { volume: 1, realm: 'r'.repeat(65) };
    expect(() => getMountPoint.request.encode(wide)).toThrow(ProtocolError);
    expect(getMountPoint.request.encode({ ...wide, realm: 'r'.repeat(64) })).toHaveLength(72);
  });

  test('a getfid reply whose realm fills its field without a NUL is refused', () => {
    const bytes = new Uint8Array(124).fill(0x72, 56);
    expect(() => getFid.reply.decode(bytes)).toThrow(ProtocolError);
  });

  test('a server between unused places is found with its own replica', () => {
    const bytes = joinBytes(
      new Uint8Array(4),
      bytesOfHex('0a4d0002'),
      new Uint8Array(24),
      bytesOfHex('ffffffff 02000002'),
      new Uint8Array(24),
    );
    expect(whereIs.reply.decode(bytes)).toEqual([{ address: '10.77.0.2', replicaVolume: 0x02000002 }]);
  });

  test('no payload at all is neither made nor looked at', () => {
    expect(nothing.encode()).toHaveLength(0);
    const decoder: Pick<Codec<unknown>, 'decode'> = nothing;
    expect(decoder.decode(bytesOfText('stale'))).toBeUndefined();
  });
});
