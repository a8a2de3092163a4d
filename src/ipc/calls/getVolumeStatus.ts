import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, optionalFlag } from '../codec.ts';
import { type VolumeStatus, readVolumeStatus, writeVolumeStatus } from '../volumeStatus.ts';

/** What venus and a server know of a volume (spec/cfs.md, 8.1). */
export interface VolumeReport {
  readonly status: VolumeStatus;
  readonly name: string;
  /** 1 unreachable, 2 reachable, 3 resolving; others survive as numbers. */
  readonly connection: number;
  /** Whether the modify log holds an entry that needs repair. */
  readonly conflict: boolean;
  readonly logEntries: number;
  readonly offlineMessage: string;
  readonly messageOfTheDay: string;
  /** Seconds. */
  readonly reintegrationAge: number;
  /** Milliseconds. */
  readonly reintegrationTime: number;
  /** Log records and the contents of stored files. */
  readonly logBytes: bigint;
}

export const ConnectionState = { Unreachable: 1, Reachable: 2, Resolving: 3 } as const;

/** Packed without alignment: the integers after the name stand at odd offsets. */
const volumeReport: Codec<VolumeReport> = {
  encode: (report) =>
    writeVolumeStatus(new ByteWriter(), report.status)
      .cString(report.name)
      .i32(report.connection)
      .i32(report.conflict ? 1 : 0)
      .i32(report.logEntries)
      .cString(report.offlineMessage)
      .cString(report.messageOfTheDay)
      .u32(report.reintegrationAge)
      .u32(report.reintegrationTime)
      .u64(report.logBytes)
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'getvolstat reply');
    return {
      status: readVolumeStatus(reader),
      name: reader.cString(),
      connection: reader.i32(),
      conflict: reader.i32() !== 0,
      logEntries: reader.i32(),
      offlineMessage: reader.cString(),
      messageOfTheDay: reader.cString(),
      reintegrationAge: reader.u32(),
      reintegrationTime: reader.u32(),
      logBytes: reader.u64(),
    };
  },
};

/** The volume a path lies in. Request: true = without asking the servers; absent as false. */
export const getVolumeStatus = defineCall({
  name: 'getvolstat',
  opcode: 4,
  follow: true,
  request: optionalFlag('getvolstat request'),
  reply: volumeReport,
});
