import type { ByteReader, ByteWriter } from './bytes.ts';

/** VolumeStatus, 40 bytes (spec/cfs.md, 4.4). Quotas and blocks are in units of 1 KiB. */
export interface VolumeStatus {
  readonly volume: number;
  readonly parent: number;
  readonly online: number;
  readonly inService: number;
  readonly blessed: number;
  readonly needsSalvage: number;
  /** 0 ReadWrite, 1 ReadOnly, 2 Backup, 3 Replicated, 4 NonReplicated; others survive as numbers. */
  readonly type: number;
  readonly minQuota: number;
  /** 0 = unlimited. */
  readonly maxQuota: number;
  readonly blocksUsed: number;
  readonly partitionBlocksAvailable: number;
  readonly partitionBlocks: number;
  readonly unused: number;
}

export const VolumeType = { ReadWrite: 0, ReadOnly: 1, Backup: 2, Replicated: 3, NonReplicated: 4 } as const;

export function writeVolumeStatus(writer: ByteWriter, status: VolumeStatus): ByteWriter {
  return writer
    .u32(status.volume)
    .u32(status.parent)
    .u8(status.online)
    .u8(status.inService)
    .u8(status.blessed)
    .u8(status.needsSalvage)
    .i32(status.type)
    .i32(status.minQuota)
    .i32(status.maxQuota)
    .i32(status.blocksUsed)
    .i32(status.partitionBlocksAvailable)
    .i32(status.partitionBlocks)
    .i32(status.unused);
}

export function readVolumeStatus(reader: ByteReader): VolumeStatus {
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
