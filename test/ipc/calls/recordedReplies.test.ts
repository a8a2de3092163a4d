import { describe, expect, test } from 'vitest';
import { parseAcl } from '../../../src/acl/accessList.ts';
import { formatRights } from '../../../src/acl/rights.ts';
import type { Call } from '../../../src/ipc/call.ts';
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
import { type VolumeReport, getVolumeStatus } from '../../../src/ipc/calls/getVolumeStatus.ts';
import { listLocal } from '../../../src/ipc/calls/listLocal.ts';
import { purgeLog } from '../../../src/ipc/calls/purgeLog.ts';
import { reconnect } from '../../../src/ipc/calls/reconnect.ts';
import { setAcl } from '../../../src/ipc/calls/setAcl.ts';
import { setToken } from '../../../src/ipc/calls/setToken.ts';
import { setVolumeStatus } from '../../../src/ipc/calls/setVolumeStatus.ts';
import { setZoneLimits } from '../../../src/ipc/calls/setZoneLimits.ts';
import { statMountPoint } from '../../../src/ipc/calls/statMountPoint.ts';
import { truncateLog } from '../../../src/ipc/calls/truncateLog.ts';
import { waitForever } from '../../../src/ipc/calls/waitForever.ts';
import { whereIs } from '../../../src/ipc/calls/whereIs.ts';
import { writeDisconnect } from '../../../src/ipc/calls/writeDisconnect.ts';
import { writeDisconnectAll } from '../../../src/ipc/calls/writeDisconnectAll.ts';
import { formatFid, formatRealmFid } from '../../../src/ipc/fid.ts';
import { decodeReply } from '../../../src/ipc/framing.ts';
import { formatVersionVector } from '../../../src/ipc/versionVector.ts';
import { formatCtime } from '../../../src/term/time.ts';
import { bytesOfText, joinBytes, plain } from '../../support/bytes.ts';
import { PackedReader } from '../../support/packedReader.ts';
import { type RecordedRun, readRecordings, readRuns } from '../../support/recordings.ts';

process.env['TZ'] = 'UTC';

const recordings = readRecordings();
const successes = recordings.flatMap(({ index, opcode, errno, output }) =>
  errno === 0 && output ? [{ index, opcode, output }] : [],
);

/** The replies to a call that reports success, with everything that venus wrote into them. */
function repliesOf(definition: { readonly opcode: number }) {
  return successes.filter(({ opcode }) => opcode === definition.opcode);
}

/** What a reply says, read by the test, and the bytes at its beginning that are defined. */
interface Reading {
  readonly value: unknown;
  readonly defined: Uint8Array;
}

/** VolumeStatus, 40 bytes. */
function readStatus(reader: PackedReader): object {
  return {
    volume: reader.u32(),
    parent: reader.u32(),
    online: reader.u8(),
    inService: reader.u8(),
    blessed: reader.u8(),
    needsSalvage: reader.u8(),
    type: reader.i32(),
    minQuota: reader.i32(),
    maxQuota: reader.i32(),
    blocksUsed: reader.i32(),
    partitionBlocksAvailable: reader.i32(),
    partitionBlocks: reader.i32(),
    unused: reader.i32(),
  };
}

function readText(bytes: Uint8Array): Reading {
  const reader = new PackedReader(bytes);
  return { value: reader.text(), defined: bytes.subarray(0, reader.at) };
}

function readVolumeReport(bytes: Uint8Array): Reading {
  const reader = new PackedReader(bytes);
  const value = {
    status: readStatus(reader),
    name: reader.text(),
    connection: reader.i32(),
    conflict: reader.i32() === 1,
    logEntries: reader.i32(),
    offlineMessage: reader.text(),
    messageOfTheDay: reader.text(),
    reintegrationAge: reader.u32(),
    reintegrationTime: reader.u32(),
    logBytes: reader.u64(),
  };
  return { value, defined: bytes.subarray(0, reader.at) };
}

function readVolumeSettings(bytes: Uint8Array): Reading {
  const reader = new PackedReader(bytes);
  const value = {
    status: readStatus(reader),
    name: reader.text(),
    offlineMessage: reader.text(),
    messageOfTheDay: reader.text(),
  };
  return { value, defined: bytes.subarray(0, reader.at) };
}

function readToken(bytes: Uint8Array): Reading {
  const secret = plain(bytes.subarray(4, 60));
  const reader = new PackedReader(bytes, 64);
  const clear = {
    authHandle: reader.i32(),
    handshakeKey: reader.bytes(8),
    viceId: reader.i32(),
    begins: reader.i32(),
    ends: reader.i32(),
  };
  return { value: { secret, clear }, defined: bytes.subarray(0, reader.at) };
}

function readServersDown(bytes: Uint8Array): Reading {
  const reader = new PackedReader(bytes);
  const value: string[] = [];
  for (let next = reader.dottedQuad(); next !== '0.0.0.0'; next = reader.dottedQuad()) value.push(next);
  return { value, defined: bytes.subarray(0, reader.at) };
}

function readStorageGroup(bytes: Uint8Array): Reading {
  const value = [0, 1, 2, 3, 4, 5, 6, 7]
    .map((place) => ({
      address: new PackedReader(bytes, 4 * place).dottedQuad(),
      replicaVolume: new PackedReader(bytes, 32 + 4 * place).u32(),
    }))
    .filter(({ address }) => address !== '0.0.0.0');
  // The Coda root has a replica id without a server.
  const defined = plain(bytes.subarray(0, 64));
  for (let place = 0; place < 8; place++) {
    const used = defined.subarray(4 * place, 4 * place + 4).some((byte) => byte !== 0);
    if (!used) defined.fill(0, 32 + 4 * place, 36 + 4 * place);
  }
  return { value, defined };
}

function readIdentity(bytes: Uint8Array): Reading {
  const reader = new PackedReader(bytes);
  const fid = { volume: reader.u32(), vnode: reader.u32(), unique: reader.u32() };
  const versions = Array.from({ length: 8 }, () => reader.i32());
  const versionVector = {
    versions,
    storeId: { host: reader.u32(), unique: reader.u32() },
    flags: reader.u32(),
  };
  const realm = reader.text();
  return { value: { fid: { ...fid, realm }, versionVector }, defined: bytes.subarray(0, reader.at) };
}

function readFid(bytes: Uint8Array): Reading {
  const reader = new PackedReader(bytes);
  const value = { volume: reader.u32(), vnode: reader.u32(), unique: reader.u32() };
  return { value, defined: bytes.subarray(0, reader.at) };
}

describe.each([
  { call: getAcl, count: 38, read: readText },
  { call: getVolumeStatus, count: 63, read: readVolumeReport },
  { call: setVolumeStatus, count: 2, read: readVolumeSettings },
  { call: getToken, count: 6, read: readToken },
  { call: checkServers, count: 4, read: readServersDown },
  { call: whereIs, count: 7, read: readStorageGroup },
  { call: statMountPoint, count: 1, read: readText },
  { call: getFid, count: 176, read: readIdentity },
  { call: getPath, count: 1, read: readText },
  { call: getParentFid, count: 2, read: readFid },
  { call: getMountPoint, count: 2, read: readText },
  { call: listLocal, count: 86, read: readText },
])('replies of $call.name recorded on a real venus', ({ call, count, read }) => {
  const replies = repliesOf(call);

  test(`are ${count}`, () => {
    expect(replies).toHaveLength(count);
  });

  test.each(replies)('$index decodes to what is at its offsets', ({ output }) => {
    expect(decoded(call, output)).toEqual(read(output).value);
  });

  test.each(replies)('$index is encoded again to the same defined bytes', ({ output }) => {
    const { defined } = read(output);
    const again = reencoded(call, output);
    expect(again.subarray(0, defined.length)).toEqual(plain(defined));
    // A real venus leaves old memory behind them; this side does not.
    expect(again.subarray(defined.length)).toEqual(new Uint8Array(again.length - defined.length));
  });
});

/** The calls above have different types of values; here they are only passed through. */
function decoded(call: Pick<Call<never, unknown>, 'reply'>, output: Uint8Array): unknown {
  return call.reply.decode(output);
}

function reencoded(call: Pick<Call<never, unknown>, 'reply'>, output: Uint8Array): Uint8Array {
  return plain(call.reply.encode(call.reply.decode(output)));
}

describe('replies recorded on a real venus', () => {
  test('of calls without an output mean nothing, whatever stands in them', () => {
    const silent = [
      ...[setAcl, setToken, forgetToken, deleteMountPoint, addMountPoint],
      ...[forceReintegration, forceReintegrationAll, writeDisconnect, writeDisconnectAll],
      ...[disconnect, reconnect, truncateLog, waitForever, setZoneLimits, checkpointLog, purgeLog],
    ];
    const replies = silent.flatMap((call) => repliesOf(call).map(({ output }) => ({ call, output })));
    expect(replies).toHaveLength(14 + 13 + 4 + 4 + 8 + (12 + 3 + 8 + 1) + (4 + 3 + 1 + 2 + 2 + 4 + 1));
    expect(replies.filter(({ output }) => output.length === 2048)).toHaveLength(13);
    for (const { call, output } of replies) expect(decoded(call, output)).toBeUndefined();
  });

  test('are 492 successes and 106 failures, and 29 requests whose open failed', () => {
    const answered = recordings.filter(({ output }) => output !== undefined);
    expect([successes.length, answered.length - successes.length]).toEqual([492, 106]);
    expect(recordings.length - answered.length).toBe(29);
  });

  test('come out of their frames as they are, with their errno', () => {
    for (const { index, errno, output } of recordings) {
      if (!output) continue;
      const frame = joinBytes(bytesOfText(`${errno}\n${output.length}\n\0`), output);
      const found = decodeReply(joinBytes(frame, bytesOfText('7')), 2048);
      expect(found, String(index)).toEqual({ reply: { errno, body: output }, length: frame.length });
    }
  });
});

describe('decoded replies, beside what the C tool printed of them', () => {
  const byIndex = new Map(recordings.map((recording) => [recording.index, recording]));
  const runs = readRuns();

  /** Runs of a subcommand, each with the outputs of its successful pioctls. */
  function runsOf(...names: readonly string[]) {
    return runs
      .filter(({ argv: [tool = '', subcommand = ''] }) => names.includes(tool === 'cfs' ? subcommand : tool))
      .map((run) => ({ run, outputs: outputsOf(run) }))
      .filter(({ outputs }) => outputs.length > 0);
  }

  function outputsOf({ pioctls }: RecordedRun): readonly Uint8Array[] {
    return pioctls.flatMap((index) => {
      const found = byIndex.get(index);
      return found?.errno === 0 && found.output ? [found.output] : [];
    });
  }

  test('listvol: 50 volumes', () => {
    let count = 0;
    for (const { run, outputs } of runsOf('lv')) {
      const blocks = run.stdout.split('\n\n').filter((block) => block !== '');
      expect(blocks).toHaveLength(outputs.length);
      for (const [at, output] of outputs.entries()) {
        const lines = blocks[at]?.split('\n').filter((line) => !/^ {2}\/.*:$/.test(line));
        expect(lines).toEqual(
          listvolLines(getVolumeStatus.reply.decode(output), run.argv.includes('-local')),
        );
        count += 1;
      }
    }
    expect(count).toBe(50);
  });

  /** The lines of spec/cfs.md, 8.3. */
  function listvolLines(report: VolumeReport, local: boolean): readonly string[] {
    const { status } = report;
    const hex = status.volume.toString(16).padStart(8, '0');
    const types = ['ReadWrite', 'ReadOnly', 'Backup', 'Replicated', 'NonReplicated'];
    const states = ['????', 'Unreachable', 'Reachable', 'Resolving'];
    const maximum = status.maxQuota > 0 ? `${status.maxQuota}` : 'unlimited';
    const seconds = (report.reintegrationTime / 1000).toFixed(3);
    return [
      `Status of volume ${hex} (${status.volume}) named "${report.name}"`,
      ...(report.offlineMessage === '' ? [] : [`Offline message is "${report.offlineMessage}"`]),
      ...(report.messageOfTheDay === '' ? [] : [`Message of the day is "${report.messageOfTheDay}"`]),
      `Volume type is ${types[status.type] ?? '????'}`,
      `Connection State is ${states[report.connection] ?? '????'}`,
      `Reintegration age: ${report.reintegrationAge} sec, time ${seconds} sec`,
      ...(report.connection === 1 || local
        ? []
        : [
            `Minimum quota is ${status.minQuota}, maximum quota is ${maximum}`,
            `Current blocks used are ${status.blocksUsed}`,
            `The partition has ${status.partitionBlocksAvailable} blocks available out of ${status.partitionBlocks}`,
          ]),
      ...(report.conflict ? ['*** There are pending conflicts in this volume ***'] : []),
      ...(report.logEntries === 0
        ? []
        : [
            `There are ${report.logEntries} CML entries pending for reintegration (${report.logBytes} bytes)`,
          ]),
    ].map((line) => `  ${line}`);
  }

  test('listacl: 18 lists', () => {
    let count = 0;
    for (const { run, outputs } of runsOf('la')) {
      expect(outputs).toHaveLength(1);
      for (const output of outputs) {
        const { positive, negative } = parseAcl(getAcl.reply.decode(output), 'reply');
        const line = (sign: string) => (entry: { readonly name: string; readonly rights: number }) =>
          `${entry.name.padStart(20)} ${sign}${formatRights(entry.rights).padEnd(8)}\n`;
        const text = [...positive.map(line(' ')), ...negative.map(line('-'))].join('');
        expect(text).toBe(run.stdout);
        count += 1;
      }
    }
    expect(count).toBe(18);
  });

  test('getfid: 28 objects', () => {
    const found = runsOf('gf', 'getfid');
    expect(found).toHaveLength(28);
    for (const { run, outputs } of found) {
      const text = outputs.map((output) => {
        const { fid, versionVector } = getFid.reply.decode(output);
        return `FID = ${formatRealmFid(fid)}  VV = ${formatVersionVector(versionVector)}\n`;
      });
      expect(text.join('')).toBe(run.stdout);
    }
  });

  test('whereis: 7 objects', () => {
    const found = runsOf('whereis');
    expect(found).toHaveLength(7);
    for (const { run, outputs } of found) {
      const text = outputs.map((output) =>
        whereIs.reply
          .decode(output)
          .map(({ address }) => `  ${address}`)
          .join(''),
      );
      expect(`${text.join('\n')}\n`).toBe(run.stdout);
    }
  });

  test('getpath, getpfid, getmountpoint and lsmount', () => {
    const texts = (name: string, text: (output: Uint8Array, word: string) => string) =>
      runsOf(name).map(({ run, outputs }) => ({
        built: outputs.map((output) => text(output, run.argv[2] ?? '')).join(''),
        printed: run.stdout,
      }));
    const all = [
      ...texts('gp', (output) => `\t${getPath.reply.decode(output)}\n`),
      ...texts('getpfid', (output) => `FID = ${formatFid(getParentFid.reply.decode(output)).padEnd(20)}\n`),
      ...texts('gmt', (output, word) => `${word}:  ${getMountPoint.reply.decode(output)}\n`),
      ...texts(
        'lsmount',
        (output) => `Mount point for volume "${statMountPoint.reply.decode(output).slice(1)}"\n`,
      ),
    ];
    expect(all).toHaveLength(1 + 2 + 2 + 1);
    for (const { built, printed } of all) expect(built).toBe(printed);
  });

  test('checkservers: no server down', () => {
    const found = runsOf('cs');
    expect(found).toHaveLength(4);
    for (const { run, outputs } of found) {
      expect(outputs.map((output) => checkServers.reply.decode(output))).toEqual([[]]);
      expect(run.stdout).toContain('All servers up');
    }
  });

  test('forcereintegrate: what is left of 10 logs', () => {
    const found = runsOf('fr').filter(({ outputs: [, status] }) => status !== undefined);
    expect(found).toHaveLength(10);
    for (const { run, outputs } of found) {
      const { name, logEntries, conflict } = getVolumeStatus.reply.decode(outputs[1] ?? new Uint8Array(0));
      const left = `${logEntries} CML entries remaining for volume ${name}\n`;
      const text = logEntries === 0 ? `Modifications to ${name} reintegrated to server\n` : left;
      expect(text + (conflict ? 'Reintegration failed due to a conflict\n' : '')).toBe(run.stdout);
    }
  });

  test('listlocal: 34 names of temporary files', () => {
    const found = runsOf('listlocal');
    expect(found).toHaveLength(34);
    const names = found.flatMap(({ outputs }) => outputs.map((output) => listLocal.reply.decode(output)));
    for (const name of names) expect(name).toMatch(/^\/tmp\/listlocal-[A-Za-z0-9]{6}$/);
    expect(new Set(names).size).toBe(34);
  });

  test('ctokens: 4 tokens', () => {
    const found = runsOf('ctokens');
    expect(found).toHaveLength(4);
    for (const { run, outputs } of found) {
      const text = outputs.map((output) => {
        const { clear } = getToken.reply.decode(output);
        return `\tCoda user id:\t ${clear.viceId}\n\tExpiration time: ${formatCtime(clear.ends)}\n`;
      });
      expect(run.stdout.replace(/^Tokens.*\n {4}@coda.test\n/, '')).toBe(text.join(''));
    }
  });
});
