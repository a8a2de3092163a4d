import { decodeText } from '../../ipc/text.ts';
import { VolumeType } from '../../ipc/volumeStatus.ts';
import type { VolumeAnswer } from '../net/fileProtocol.ts';
import type { VolumeRecord } from '../tree/volumeRecord.ts';

/** The disk that volumes are on, in bytes. */
export interface Partition {
  readonly size: number;
  readonly available: number;
}

const BLOCK = 1024;
/** The counts have 32 bits; the C tools read them as signed. */
const MOST_BLOCKS = 0x7fffffff;

/** What a server tells of a volume (spec/cfs.md, 6.2). */
export function volumeAnswer(volume: VolumeRecord, partition: Partition): VolumeAnswer {
  const { id, replica, minQuota, maxQuota, blocksUsed, offlineMessage, messageOfTheDay } = volume;
  return {
    status: {
      volume: id,
      parent: replica,
      online: 1,
      inService: 1,
      blessed: 1,
      needsSalvage: 0,
      type: VolumeType.ReadWrite,
      minQuota,
      maxQuota,
      blocksUsed,
      partitionBlocksAvailable: inBlocks(partition.available),
      partitionBlocks: inBlocks(partition.size),
      unused: 0,
    },
    offlineMessage: decodeText(offlineMessage),
    messageOfTheDay: decodeText(messageOfTheDay),
  };
}

function inBlocks(bytes: number): number {
  return Math.min(Math.floor(bytes / BLOCK), MOST_BLOCKS);
}
