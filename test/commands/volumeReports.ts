import type { VolumeReport } from '../../src/ipc/calls/getVolumeStatus.ts';

/** A volume whose log has an entry. */
export const pendingReport: VolumeReport = {
  status: {
    volume: 0x7f000001,
    parent: 0,
    online: 1,
    inService: 1,
    blessed: 1,
    needsSalvage: 0,
    type: 3,
    minQuota: 0,
    maxQuota: 0,
    blocksUsed: 0,
    partitionBlocksAvailable: 0,
    partitionBlocks: 0,
    unused: 0,
  },
  name: 'u.jan',
  connection: 2,
  conflict: false,
  logEntries: 1,
  offlineMessage: '',
  messageOfTheDay: '',
  reintegrationAge: 0,
  reintegrationTime: 0,
  logBytes: 0n,
};
