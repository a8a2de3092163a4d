import { describe, expect, test } from 'vitest';
import { formatAcl, parseAcl } from '../../../src/acl/accessList.ts';
import { type Call, encodeCall } from '../../../src/ipc/call.ts';
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
import { getVolumeStatus } from '../../../src/ipc/calls/getVolumeStatus.ts';
import { checkVolumes } from '../../../src/ipc/calls/checkVolumes.ts';
import { clearPriorities } from '../../../src/ipc/calls/clearPriorities.ts';
import { disableAsr, enableAsr } from '../../../src/ipc/calls/enableAsr.ts';
import { flushAsr } from '../../../src/ipc/calls/flushAsr.ts';
import { flushCache } from '../../../src/ipc/calls/flushCache.ts';
import { flushObject } from '../../../src/ipc/calls/flushObject.ts';
import { flushVolume } from '../../../src/ipc/calls/flushVolume.ts';
import { listCache, listCacheOfVolume } from '../../../src/ipc/calls/listCache.ts';
import { lookaside } from '../../../src/ipc/calls/lookaside.ts';
import { redirect } from '../../../src/ipc/calls/redirect.ts';
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
import { toVenusPath } from '../../../src/ipc/codaPath.ts';
import { type PioctlRequest, encodeRequest } from '../../../src/ipc/framing.ts';
import { bytesOfText, joinBytes, plain } from '../../support/bytes.ts';
import { type Recording, readRecordings, readRuns } from '../../support/recordings.ts';

/**
 * Raw probes (the last row: repair commands without their NUL, an empty writedisconnect), stale bytes and the C tool's
 * wrong setquota: what no typed value stands for.
 */
const UNTYPED = new Set([
  ...[53, 55, 56, 57, 59, 182, 183, 185, 295, 296, 297, 298, 299, 927, 929, 931, 932, 939],
  ...[240, 294],
  ...[275],
  ...[128, 131],
  ...[114],
  ...[808, 809, 853, 854, 855, 856, 892, 893, 894],
  ...[953],
  ...[228, 229, 231, 232, 233, 235, 237, 238, 916],
]);

/** A call, and its way from recorded input to a typed value and back. */
interface RecordedCall {
  readonly definition: Pick<Call<unknown, unknown>, 'name' | 'opcode' | 'follow' | 'outSize'>;
  readonly rebuild: (recording: Recording) => PioctlRequest;
}

function recorded<Request, Reply>(definition: Call<Request, Reply>): RecordedCall {
  return {
    definition,
    rebuild: ({ path, input }) => encodeCall(definition, path, definition.request.decode(input)),
  };
}

/** The text of an access list is typed only when src/acl has read it. */
const recordedSetAcl: RecordedCall = {
  definition: setAcl,
  rebuild: ({ path, input }) => {
    const list = parseAcl(setAcl.request.decode(input), 'request');
    return encodeCall(setAcl, path, formatAcl(list, 'request'));
  },
};

const calls = new Map(
  [
    recordedSetAcl,
    recorded(getAcl),
    recorded(setToken),
    recorded(getVolumeStatus),
    recorded(setVolumeStatus),
    recorded(getToken),
    recorded(forgetToken),
    recorded(checkServers),
    recorded(whereIs),
    recorded(deleteMountPoint),
    recorded(statMountPoint),
    recorded(addMountPoint),
    recorded(getFid),
    recorded(getPath),
    recorded(getParentFid),
    recorded(getMountPoint),
    recorded(forceReintegration),
    recorded(forceReintegrationAll),
    recorded(waitForever),
    recorded(checkpointLog),
    recorded(purgeLog),
    recorded(truncateLog),
    recorded(disconnect),
    recorded(reconnect),
    recorded(writeDisconnect),
    recorded(writeDisconnectAll),
    recorded(listLocal),
    recorded(setZoneLimits),
    recorded(checkVolumes),
    recorded(clearPriorities),
    recorded(disableAsr),
    recorded(enableAsr),
    recorded(flushAsr),
    recorded(flushCache),
    recorded(flushObject),
    recorded(flushVolume),
    recorded(listCache),
    recorded(listCacheOfVolume),
    recorded(lookaside),
    recorded(redirect),
  ].map((entry) => [entry.definition.opcode, entry]),
);

const recordings = readRecordings();
const runs = readRuns();
const byIndex = new Map(recordings.map((recording) => [recording.index, recording]));

function callOf({ opcode }: Recording): RecordedCall {
  const found = calls.get(opcode);
  if (!found) throw new Error(`no call has opcode ${opcode}`);
  return found;
}

/** The frame, put together from the recorded numbers alone. */
function recordedFrame({ opcode, path, follow, input, outSize }: Recording): Uint8Array {
  const pathBytes = Buffer.from(path, 'utf8');
  const header = `${opcode}\n${pathBytes.length}\n${follow}\n${input.length}\n${outSize}\n\0`;
  return joinBytes(bytesOfText(header), pathBytes, input);
}

describe('requests recorded on a real venus', () => {
  const typed = recordings.filter(({ index }) => !UNTYPED.has(index));

  test('are all looked at: 584 of 627 come from typed values', () => {
    expect(recordings).toHaveLength(627);
    expect(new Set(recordings.map(({ opcode }) => opcode))).toEqual(new Set(calls.keys()));
    expect(typed).toHaveLength(584);
  });

  test.each(typed)('$index (opcode $opcode at $path) is encoded to the same bytes', (recording) => {
    const request = callOf(recording).rebuild(recording);
    expect(plain(request.input)).toEqual(recording.input);
    expect(request.opcode).toBe(recording.opcode);
    const asRecorded = { ...request, follow: recording.follow !== 0, outSize: recording.outSize };
    expect(plain(encodeRequest(asRecorded))).toEqual(recordedFrame(recording));
  });

  test('that are left out really have no typed form', () => {
    const left = recordings.filter(({ index }) => UNTYPED.has(index));
    expect(left).toHaveLength(UNTYPED.size);
    for (const recording of left)
      expect(rebuilt(recording), String(recording.index)).not.toEqual(recording.input);
  });

  function rebuilt(recording: Recording): Uint8Array | undefined {
    try {
      return plain(callOf(recording).rebuild(recording).input);
    } catch {
      return undefined;
    }
  }
});

describe('what the C tools sent', () => {
  const sent = runs
    .filter(({ argv }) => /^(cfs|clog|ctokens|cunlog)$/.test(argv[0] ?? ''))
    .flatMap((run) => run.pioctls.map((index) => ({ index, recording: byIndex.get(index) })));

  /** Sent by checkpointml and purgeml, whose runs come into test/golden/cli.jsonl with these commands. */
  const withoutRuns = new Set([checkpointLog.opcode, purgeLog.opcode]);

  test('is known: 313 requests of recorded runs, of every call', () => {
    expect(sent).toHaveLength(313);
    const known = [...calls.keys()].filter((opcode) => !withoutRuns.has(opcode));
    expect(new Set(sent.map(({ recording }) => recording?.opcode))).toEqual(new Set(known));
  });

  test('had the follow flag and the out size that the call has', () => {
    for (const { recording, index } of sent) {
      if (!recording) throw new Error(`${index} was not recorded`);
      const { definition } = callOf(recording);
      const { follow, outSize } = recording;
      const own = { follow: definition.follow ? 1 : 0, outSize: definition.outSize };
      expect(own, `request ${index}`).toEqual({ follow, outSize });
    }
  });
});

describe('paths on the command lines of recorded runs', () => {
  /** Subcommands whose words are paths, each asked about with one pioctl. */
  const aboutPaths = runs.flatMap(({ argv, cwd, pioctls }) => {
    const [tool, subcommand = '', ...words] = argv;
    const paths = words.filter((word) => word !== '-local');
    const simple = ['la', 'lv', 'gf', 'getfid', 'whereis'].includes(subcommand);
    if (tool !== 'cfs' || !simple || paths.length !== pioctls.length) return [];
    return paths.map((typed, at) => ({ typed, cwd, index: pioctls[at] ?? -1 }));
  });

  test('are known: 130 of them', () => {
    expect(aboutPaths).toHaveLength(130);
  });

  test('become what the C tool sent', () => {
    for (const { typed, cwd, index } of aboutPaths) {
      const path = toVenusPath(typed, { mountPoint: '/coda', workingDirectory: cwd });
      const sent = byIndex.get(index)?.path;
      // The C tool sends an empty path for the root; venus takes both.
      expect(path, `${typed} in ${cwd}`).toBe(sent === '' ? '/' : sent);
    }
  });
});
