import { describe, expect, test } from 'vitest';
import { formatAcl } from '../../../src/acl/accessList.ts';
import { parseRights } from '../../../src/acl/rights.ts';
import { ROOT, call, encodeCall } from '../../../src/ipc/call.ts';
import { addMountPoint } from '../../../src/ipc/calls/addMountPoint.ts';
import { checkpointLog } from '../../../src/ipc/calls/checkpointLog.ts';
import { checkServers } from '../../../src/ipc/calls/checkServers.ts';
import { deleteMountPoint } from '../../../src/ipc/calls/deleteMountPoint.ts';
import { disconnect } from '../../../src/ipc/calls/disconnect.ts';
import { forceReintegration } from '../../../src/ipc/calls/forceReintegration.ts';
import { forceReintegrationAll } from '../../../src/ipc/calls/forceReintegrationAll.ts';
import { forgetToken } from '../../../src/ipc/calls/forgetToken.ts';
import { getAcl } from '../../../src/ipc/calls/getAcl.ts';
import { getFid } from '../../../src/ipc/calls/getFid.ts';
import { getMountPoint } from '../../../src/ipc/calls/getMountPoint.ts';
import { getParentFid } from '../../../src/ipc/calls/getParentFid.ts';
import { getPath } from '../../../src/ipc/calls/getPath.ts';
import { getToken } from '../../../src/ipc/calls/getToken.ts';
import { getTokenOwner } from '../../../src/ipc/calls/getTokenOwner.ts';
import { getVolumeStatus } from '../../../src/ipc/calls/getVolumeStatus.ts';
import { flushAsr } from '../../../src/ipc/calls/flushAsr.ts';
import { flushObject } from '../../../src/ipc/calls/flushObject.ts';
import { listCache, listCacheOfVolume } from '../../../src/ipc/calls/listCache.ts';
import { lookaside } from '../../../src/ipc/calls/lookaside.ts';
import { redirect } from '../../../src/ipc/calls/redirect.ts';
import { listLocal } from '../../../src/ipc/calls/listLocal.ts';
import { listRealms } from '../../../src/ipc/calls/listRealms.ts';
import { listServers } from '../../../src/ipc/calls/listServers.ts';
import { purgeLog } from '../../../src/ipc/calls/purgeLog.ts';
import { reconnect } from '../../../src/ipc/calls/reconnect.ts';
import {
  collapseObject,
  disableRepair,
  enableRepair,
  expandObject,
} from '../../../src/ipc/calls/expandObject.ts';
import { RepairAction, repairCommand } from '../../../src/ipc/calls/repairCommand.ts';
import { setAcl } from '../../../src/ipc/calls/setAcl.ts';
import { setToken } from '../../../src/ipc/calls/setToken.ts';
import { setVolumeStatus } from '../../../src/ipc/calls/setVolumeStatus.ts';
import { setZoneLimits } from '../../../src/ipc/calls/setZoneLimits.ts';
import { speakForUser } from '../../../src/ipc/calls/speakForUser.ts';
import { statMountPoint } from '../../../src/ipc/calls/statMountPoint.ts';
import { truncateLog } from '../../../src/ipc/calls/truncateLog.ts';
import { waitForever } from '../../../src/ipc/calls/waitForever.ts';
import { whereIs } from '../../../src/ipc/calls/whereIs.ts';
import { writeDisconnect } from '../../../src/ipc/calls/writeDisconnect.ts';
import { writeDisconnectAll } from '../../../src/ipc/calls/writeDisconnectAll.ts';
import { splitPath, toVenusPath } from '../../../src/ipc/codaPath.ts';
import { parseHex, parseRealmFid } from '../../../src/ipc/fid.ts';
import { type PioctlRequest, encodeRequest } from '../../../src/ipc/framing.ts';
import { bytesOfHex, bytesOfText, joinBytes, plain } from '../../support/bytes.ts';
import { readRecordings, readRuns } from '../../support/recordings.ts';

/** As in spec/cfs.md, 13: the working directory is the mount point. */
const venusPath = (typed: string) => toVenusPath(typed, { mountPoint: '/mnt', workingDirectory: '/mnt' });
const fid = { volume: 0x7f000001, vnode: 1, unique: 1, realm: 'coda.cs.cmu.edu' };
const REALM = bytesOfText('coda.cs.cmu.edu\0');

interface Vector {
  readonly command: string;
  readonly request: PioctlRequest;
  readonly frame: readonly [header: string, ...parts: Uint8Array[]];
}

const vectors: readonly Vector[] = [
  {
    command: 'cfs la .',
    request: encodeCall(getAcl, venusPath('.')),
    frame: ['2\n1\n1\n0\n2048\n\0/'],
  },
  {
    command: 'cfs la with the empty path of the root',
    request: encodeCall(getAcl, ''),
    frame: ['2\n0\n1\n0\n2048\n\0'],
  },
  {
    command: 'cfs la <mountpoint>/realm',
    request: encodeCall(getAcl, venusPath('/mnt/realm')),
    frame: ['2\n6\n1\n0\n2048\n\0/realm'],
  },
  {
    command: 'cfs sa -clear . new rl',
    request: encodeCall(
      setAcl,
      venusPath('.'),
      formatAcl({ positive: [{ name: 'new', rights: 9 }], negative: [] }, 'request'),
    ),
    frame: ['1\n1\n1\n11\n0\n\0/', bytesOfText('1\n0\nnew 9\n\0')],
  },
  {
    command: 'cfs lv .',
    request: encodeCall(getVolumeStatus, venusPath('.'), false),
    frame: ['4\n1\n1\n4\n2048\n\0/', bytesOfHex('00 00 00 00')],
  },
  {
    command: 'cfs lv -local .',
    request: encodeCall(getVolumeStatus, venusPath('.'), true),
    frame: ['4\n1\n1\n4\n2048\n\0/', bytesOfHex('01 00 00 00')],
  },
  {
    command: 'cfs fr a, second step',
    request: encodeCall(getVolumeStatus, venusPath('a'), undefined),
    frame: ['4\n2\n1\n0\n2048\n\0/a'],
  },
  {
    command: 'cfs gf .',
    request: encodeCall(getFid, venusPath('.'), undefined),
    frame: ['197\n1\n0\n0\n124\n\0/'],
  },
  {
    command: 'cfs gp 7f000001.1.1@coda.cs.cmu.edu',
    request: encodeCall(getPath, ROOT, fid),
    frame: ['208\n1\n0\n28\n2048\n\0/', bytesOfHex('01 00 00 7f 01 00 00 00 01 00 00 00'), REALM],
  },
  {
    command: 'cfs getpfid 7f000001.3.3@coda.cs.cmu.edu',
    request: encodeCall(getParentFid, ROOT, { ...fid, vnode: 3, unique: 3 }),
    frame: ['219\n1\n0\n28\n12\n\0/', bytesOfHex('01 00 00 7f 03 00 00 00 03 00 00 00'), REALM],
  },
  {
    command: 'cfs gmt 7f000001@coda.cs.cmu.edu',
    request: encodeCall(getMountPoint, ROOT, fid),
    frame: ['243\n1\n1\n72\n2048\n\0/', bytesOfHex('01 00 00 7f'), REALM, new Uint8Array(72 - 4 - 16)],
  },
  {
    command: 'cfs whereis .',
    request: encodeCall(whereIs, venusPath('.')),
    frame: ['14\n1\n1\n0\n2048\n\0/'],
  },
  {
    command: 'cfs cs',
    request: encodeCall(checkServers, ROOT, []),
    frame: ['10\n1\n1\n0\n2048\n\0/'],
  },
  {
    command: 'cfs cs 127.0.0.1 10.1.1.1',
    request: encodeCall(checkServers, ROOT, ['127.0.0.1', '10.1.1.1']),
    frame: ['10\n1\n1\n12\n2048\n\0/', bytesOfHex('02 00 00 00 7f 00 00 01 0a 01 01 01')],
  },
  {
    command: 'cfs mkm realm/new vol@r',
    request: encodeCall(addMountPoint, venusPath('realm'), { entry: 'new', volume: 'vol@r' }),
    frame: ['142\n6\n1\n10\n0\n\0/realm', bytesOfText('new/vol@r\0')],
  },
  {
    command: 'cfs mkm new',
    request: encodeCall(addMountPoint, venusPath('.'), { entry: 'new', volume: '' }),
    frame: ['142\n1\n1\n5\n0\n\0/', bytesOfText('new/\0')],
  },
  {
    command: 'cfs rmm realm/new///',
    request: encodeCall(deleteMountPoint, venusPath('realm'), splitPath('realm/new///').entry),
    frame: ['28\n6\n0\n4\n0\n\0/realm', bytesOfText('new\0')],
  },
  {
    command: 'cfs lsmount realm/x',
    request: encodeCall(statMountPoint, venusPath('realm'), 'x'),
    frame: ['29\n6\n0\n2\n2048\n\0/realm', bytesOfText('x\0')],
  },
  {
    command: 'cfs redir . 10.0.0.1',
    request: encodeCall(redirect, venusPath('.'), '10.0.0.1'),
    frame: ['141\n1\n1\n4\n0\n\0/', bytesOfHex('0a 00 00 01')],
  },
  {
    command: 'cfs lc -l -ov',
    request: encodeCall(listCache, ROOT, { long: true, valid: true, invalid: false }),
    frame: ['242\n1\n1\n2\n2048\n\0/', bytesOfHex('01 01')],
  },
  {
    command: 'cfs lc ./realm',
    request: encodeCall(listCacheOfVolume, venusPath('./realm'), { long: false, valid: true, invalid: true }),
    frame: ['39\n6\n1\n2\n2048\n\0/realm', bytesOfHex('00 03')],
  },
  {
    command: 'cfs lka +/a/b -/c',
    request: encodeCall(lookaside, ROOT, ' +/a/b -/c'),
    frame: ['40\n1\n0\n11\n2048\n\0/', bytesOfText(' +/a/b -/c\0')],
  },
  {
    command: 'cfs fasr a',
    request: encodeCall(flushAsr, venusPath('a')),
    frame: ['228\n2\n0\n0\n2048\n\0/a'],
  },
  {
    command: 'echo y | cfs fl a',
    request: encodeCall(flushObject, venusPath('a')),
    frame: ['6\n2\n0\n0\n0\n\0/a'],
  },
  {
    command: 'cfs wd',
    request: encodeCall(writeDisconnectAll, ROOT, { age: 60, time: 30_000 }),
    frame: ['238\n1\n1\n8\n0\n\0/', bytesOfHex('3c 00 00 00 30 75 00 00')],
  },
  {
    command: 'cfs wd -age 5 -time 1.5 a',
    request: encodeCall(writeDisconnect, venusPath('a'), { age: 5, time: 1500 }),
    frame: ['220\n2\n0\n8\n0\n\0/a', bytesOfHex('05 00 00 00 dc 05 00 00')],
  },
  {
    command: 'cfs wd -hogtime 0.0005 a',
    request: encodeCall(writeDisconnect, venusPath('a'), { age: undefined, time: 0 }),
    frame: ['220\n2\n0\n8\n0\n\0/a', bytesOfHex('ff ff ff ff 00 00 00 00')],
  },
  {
    command: 'cfs strong',
    request: encodeCall(writeDisconnectAll, ROOT, { age: 0, time: 0 }),
    frame: ['238\n1\n1\n8\n0\n\0/', new Uint8Array(8)],
  },
  {
    command: 'cfs adaptive a',
    request: encodeCall(writeDisconnect, venusPath('a'), { age: 0, time: 15_000 }),
    frame: ['220\n2\n0\n8\n0\n\0/a', bytesOfHex('00 00 00 00 98 3a 00 00')],
  },
  {
    command: 'cfs fr a, first step',
    request: encodeCall(forceReintegration, venusPath('a')),
    frame: ['140\n2\n0\n0\n0\n\0/a'],
  },
  {
    command: 'cfs fr',
    request: encodeCall(forceReintegrationAll, ROOT),
    frame: ['239\n1\n1\n0\n0\n\0/'],
  },
  {
    command: 'cfs disconnect',
    request: encodeCall(disconnect, ROOT),
    frame: ['216\n1\n1\n0\n0\n\0/'],
  },
  {
    command: 'cfs reconnect',
    request: encodeCall(reconnect, ROOT),
    frame: ['217\n1\n1\n0\n0\n\0/'],
  },
  {
    command: 'cfs truncatelog',
    request: encodeCall(truncateLog, ROOT),
    frame: ['215\n1\n1\n0\n0\n\0/'],
  },
  {
    command: 'cfs wf -on',
    request: encodeCall(waitForever, ROOT, { forever: true, realm: '' }),
    frame: ['205\n1\n0\n72\n0\n\0/', bytesOfHex('01 00 00 00'), new Uint8Array(68)],
  },
  {
    command: 'cfs zl 10 -1',
    request: encodeCall(setZoneLimits, ROOT, { red: 10, yellow: -1 }),
    frame: ['246\n1\n0\n8\n0\n\0/', bytesOfHex('0a 00 00 00 ff ff ff ff')],
  },
  {
    command: 'cfs listlocal a',
    request: encodeCall(listLocal, venusPath('a'), { action: RepairAction.List }),
    frame: ['244\n2\n0\n2\n2048\n\0/a', bytesOfText('8\0')],
  },
  {
    command: 'cfs checklocal a',
    request: encodeCall(repairCommand, venusPath('a'), { action: RepairAction.CheckFirst }),
    frame: ['244\n2\n1\n2\n2048\n\0/a', bytesOfText('3\0')],
  },
  ...(
    [
      ['beginrepair', enableRepair, 192],
      ['endrepair', disableRepair, 193],
      ['expand', expandObject, 41],
      ['collapse', collapseObject, 42],
    ] as const
  ).map(([command, definition, opcode]): Vector => ({
    command: `cfs ${command} a`,
    request: encodeCall(definition, venusPath('a')),
    frame: [`${opcode}\n2\n0\n0\n0\n\0/a`],
  })),
  ...(
    [
      ['preservelocal a', RepairAction.PreserveFirst],
      ['preservelocal -all a', RepairAction.PreserveAll],
      ['discardlocal a', RepairAction.DiscardFirst],
    ] as const
  ).map(([command, action]): Vector => ({
    command: `cfs ${command}`,
    request: encodeCall(repairCommand, venusPath('a'), { action }),
    frame: ['244\n2\n1\n2\n2048\n\0/a', bytesOfText(`${action}\0`)],
  })),
  {
    command: 'cfs checkpointml a',
    request: encodeCall(checkpointLog, venusPath('a'), undefined),
    frame: ['211\n2\n1\n0\n0\n\0/a'],
  },
  {
    command: 'cfs checkpointml a /tmp',
    request: encodeCall(checkpointLog, venusPath('a'), '/tmp'),
    frame: ['211\n2\n1\n5\n0\n\0/a', bytesOfText('/tmp\0')],
  },
  {
    command: 'cfs purgeml a',
    request: encodeCall(purgeLog, venusPath('a')),
    frame: ['212\n2\n1\n0\n0\n\0/a'],
  },
  {
    command: 'ctokens @coda.test (spec/auth.md, 8.2)',
    request: encodeCall(getToken, ROOT, 'coda.test'),
    frame: ['8\n1\n0\n10\n152\n\0/', bytesOfText('coda.test\0')],
  },
  {
    command: 'cunlog @coda.test (spec/auth.md, 8.2)',
    request: encodeCall(forgetToken, ROOT, 'coda.test'),
    frame: ['9\n1\n0\n10\n0\n\0/', bytesOfText('coda.test\0')],
  },
  {
    command: 'clog, first recording',
    request: encodeCall(setToken, ROOT, {
      token: {
        clear: {
          authHandle: -1,
          handshakeKey: bytesOfHex('b632784fe2d2947c'),
          viceId: 500,
          begins: 1795206651,
          ends: 1795297551,
        },
        secret: Uint8Array.from({ length: 56 }, (_, at) => 200 - at),
      },
      realm: 'coda.test',
    }),
    frame: [
      '3\n1\n0\n152\n0\n\0/',
      bytesOfHex('38 00 00 00'),
      Uint8Array.from({ length: 56 }, (_, at) => 200 - at),
      bytesOfHex('18 00 00 00 ff ff ff ff b6 32 78 4f e2 d2 94 7c f4 01 00 00 fb ad 00 6b 0f 11 02 6b'),
      bytesOfText('coda.test'),
      new Uint8Array(64 - 9),
    ],
  },
];

describe('requests built from typed values', () => {
  test.each(vectors)('$command is sent byte by byte as the specification has it', ({ request, frame }) => {
    const [header, ...parts] = frame;
    expect(plain(encodeRequest(request))).toEqual(joinBytes(bytesOfText(header), ...parts));
  });

  test('a whole settoken file for the realm coda.test has 166 bytes', () => {
    const settoken = vectors.find(({ command }) => command.startsWith('clog'));
    expect(settoken && encodeRequest(settoken.request)).toHaveLength(166);
  });

  test('of the embedded venus alone have opcodes that no real venus takes', () => {
    const frames = [
      encodeCall(speakForUser, ROOT, 0x01020304),
      encodeCall(listRealms, ROOT),
      encodeCall(listServers, ROOT),
      encodeCall(getTokenOwner, ROOT, 'r.org'),
    ].map((request) => Buffer.from(encodeRequest(request)).toString('latin1'));
    expect(frames).toEqual([
      '256\n1\n0\n4\n0\n\0/\x04\x03\x02\x01',
      '257\n1\n0\n0\n2048\n\0/',
      '258\n1\n0\n0\n2048\n\0/',
      '259\n1\n0\n6\n2048\n\0/r.org\0',
    ]);
  });
});

describe('the request of setvolstat', () => {
  const settings = {
    status: {
      volume: 0x7f000001,
      parent: 0x01000002,
      online: 1,
      inService: 2,
      blessed: 3,
      needsSalvage: 4,
      type: 3,
      minQuota: -1,
      maxQuota: 5000,
      blocksUsed: 0x0a0b0c0d,
      partitionBlocksAvailable: 0x11121314,
      partitionBlocks: 0x21222324,
      unused: -2,
    },
    name: 'vol',
    offlineMessage: '',
    messageOfTheDay: 'hi',
  };

  test('is the 40 bytes of VolumeStatus, then name, offline message and message of the day', () => {
    const { input, opcode, follow, outSize } = encodeCall(setVolumeStatus, '/', settings);
    expect({ opcode, follow, outSize }).toEqual({ opcode: 5, follow: true, outSize: 2048 });
    expect(plain(input)).toEqual(
      joinBytes(
        bytesOfHex('01 00 00 7f'), // 0 volume
        bytesOfHex('02 00 00 01'), // 4 parent
        bytesOfHex('01 02 03 04'), // 8 online, in service, blessed, needs salvage
        bytesOfHex('03 00 00 00'), // 12 type
        bytesOfHex('ff ff ff ff'), // 16 minimum quota
        bytesOfHex('88 13 00 00'), // 20 maximum quota
        bytesOfHex('0d 0c 0b 0a'), // 24 blocks in use
        bytesOfHex('14 13 12 11'), // 28 blocks available
        bytesOfHex('24 23 22 21'), // 32 blocks of the partition
        bytesOfHex('fe ff ff ff'), // 36 unused
        bytesOfText('vol\0'),
        bytesOfText('\0'),
        bytesOfText('hi\0'),
      ),
    );
  });

  test('leaves nothing where a real venus would find the connection state as an offline message', () => {
    const quiet = { ...settings, name: '', messageOfTheDay: '' };
    const input = plain(encodeCall(setVolumeStatus, '/', quiet).input);
    expect(input).toHaveLength(43);
    expect(input.subarray(40)).toEqual(bytesOfHex('00 00 00'));
  });

  test('comes back from its own bytes', () => {
    const bytes = setVolumeStatus.request.encode(settings);
    expect(setVolumeStatus.request.decode(bytes)).toEqual(settings);
  });
});

describe('the recorded command lines, built from their words', () => {
  const byIndex = new Map(readRecordings().map((recording) => [recording.index, recording]));

  /** The requests that a command line stands for, where they need nothing but its words. */
  function requestsOf([tool = '', subcommand = '', ...words]: readonly string[]): readonly PioctlRequest[] {
    const coda = (typed: string) => toVenusPath(typed, { mountPoint: '/coda', workingDirectory: '/coda' });
    const realmOf = (word: string) => word.slice(word.lastIndexOf('@') + 1);
    const first = words[0] ?? '';
    const { directory, entry } = splitPath(first);
    switch (tool === 'cfs' ? subcommand : tool) {
      case 'gp':
      case 'getpfid': {
        const definition = subcommand === 'gp' ? getPath : getParentFid;
        return words.flatMap((word) => {
          const found = parseRealmFid(word);
          return found ? [encodeCall(definition, ROOT, found)] : [];
        });
      }
      case 'gmt': {
        const volume = parseHex(first.replace(/@.*/, ''));
        return volume === undefined
          ? []
          : [encodeCall(getMountPoint, ROOT, { volume, realm: realmOf(first) })];
      }
      case 'mkmount':
        return [encodeCall(addMountPoint, coda(directory), { entry, volume: words[1] ?? '' })];
      case 'rmmount':
        return [encodeCall(deleteMountPoint, coda(directory), entry)];
      case 'lsmount':
        return [encodeCall(statMountPoint, coda(directory), entry)];
      case 'lv': {
        const local = words.indexOf('-local');
        return words.flatMap((word, at) =>
          word === '-local' ? [] : [encodeCall(getVolumeStatus, coda(word), local >= 0 && at > local)],
        );
      }
      case 'sa': {
        const [, path = '', ...pairs] = words;
        const positive = pairs.flatMap((name, at) =>
          at % 2 === 0 ? [{ name, rights: parseRights(pairs[at + 1] ?? '') ?? -1 }] : [],
        );
        return [encodeCall(setAcl, coda(path), formatAcl({ positive, negative: [] }, 'request'))];
      }
      case 'cunlog':
        return [encodeCall(forgetToken, ROOT, realmOf(subcommand || '@coda.test'))];
      default:
        return [encodeCall(getToken, ROOT, realmOf(subcommand || '@coda.test'))];
    }
  }

  const understood = readRuns().filter(({ argv: [tool = '', subcommand = '', first], pioctls }) => {
    if (pioctls.length === 0) return false;
    if (tool === 'ctokens' || tool === 'cunlog') return true;
    if (subcommand === 'sa') return first === '-clear';
    return ['gp', 'getpfid', 'gmt', 'mkmount', 'rmmount', 'lsmount', 'lv'].includes(subcommand);
  });

  test('are 100', () => {
    expect(understood).toHaveLength(100);
  });

  test.each(understood)('$argv sends what the C tool sent', ({ argv, pioctls }) => {
    const sent = pioctls.map((index) => {
      const recording = byIndex.get(index);
      return { opcode: recording?.opcode, path: recording?.path, input: recording?.input };
    });
    const built = requestsOf(argv).map(({ opcode, path, input }) => ({ opcode, path, input: plain(input) }));
    expect(built).toEqual(sent);
  });
});

describe('a call', () => {
  test('gives the request to venus and decodes what it answers', async () => {
    const asked: PioctlRequest[] = [];
    const venus = {
      pioctl: (request: PioctlRequest) => {
        asked.push(request);
        return Promise.resolve(bytesOfText('/coda/x\0stale'));
      },
    };
    await expect(call(venus, getPath, ROOT, fid)).resolves.toBe('/coda/x');
    expect(asked).toEqual([encodeCall(getPath, ROOT, fid)]);
    expect(asked[0]?.name).toBe('getpath');
  });

  test('without an output does not look at the undefined memory that venus answers', async () => {
    const venus = { pioctl: () => Promise.resolve(new Uint8Array(2048).fill(0xa5)) };
    await expect(call(venus, deleteMountPoint, '/r', 'x')).resolves.toBeUndefined();
  });
});
