import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import type { Codec } from '../codec.ts';
import { type VolumeStatus, readVolumeStatus, writeVolumeStatus } from '../volumeStatus.ts';

export interface VolumeSettings {
  readonly status: VolumeStatus;
  /** Venus ignores it; at most 31 bytes. */
  readonly name: string;
  /** Empty = leave unchanged. */
  readonly offlineMessage: string;
  readonly messageOfTheDay: string;
}

/** Not the layout of getvolstat's reply: the C tool sends that one, and its state byte becomes a message (spec/cfs.md, 6.2, Q1). */
const volumeSettings: Codec<VolumeSettings> = {
  encode: (settings) =>
    writeVolumeStatus(new ByteWriter(), settings.status)
      .cString(settings.name)
      .cString(settings.offlineMessage)
      .cString(settings.messageOfTheDay)
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'setvolstat');
    return {
      status: readVolumeStatus(reader),
      name: reader.cString(),
      offlineMessage: reader.cString(),
      messageOfTheDay: reader.cString(),
    };
  },
};

/** Sets the quotas (those above -1) and messages of the volume a path lies in. */
export const setVolumeStatus = defineCall({
  name: 'setvolstat',
  opcode: 5,
  follow: true,
  request: volumeSettings,
  reply: volumeSettings,
});
