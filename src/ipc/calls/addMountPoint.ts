import { defineCall } from '../call.ts';
import { type Codec, nothing, textPayload } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

export interface MountPoint {
  readonly entry: string;
  /** `name` or `name@realm`; empty = the volume named after the path inside the realm. */
  readonly volume: string;
}

const text = textPayload('mkmount request');

/** `entry/volume` (spec/cfs.md, 6.4). */
const mountPoint: Codec<MountPoint> = {
  encode: ({ entry, volume }) => text.encode(`${entry}/${volume}`),
  decode: (bytes) => {
    const whole = text.decode(bytes);
    const slash = whole.indexOf('/');
    if (slash < 0) throw new ProtocolError('mkmount request: no slash');
    return { entry: whole.slice(0, slash), volume: whole.slice(slash + 1) };
  },
};

/** Makes a mount point in the directory at the path. */
export const addMountPoint = defineCall({
  name: 'mkmount',
  opcode: 142,
  follow: true,
  outSize: 0,
  changes: true,
  request: mountPoint,
  reply: nothing,
});
