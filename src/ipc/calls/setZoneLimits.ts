import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

/** Lengths of a modify log, in entries; 0 and less mean no limit. */
export interface ZoneLimits {
  /** From here on, whoever changes the volume is stalled until the log is shorter. */
  readonly red: number;
  /** From here on, each change is delayed. */
  readonly yellow: number;
}

/** Two `i32`, 8 bytes (spec/cfs.md, 6.6). */
const zoneLimits: Codec<ZoneLimits> = {
  encode: ({ red, yellow }) => new ByteWriter().i32(red).i32(yellow).finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'zonelimit request');
    return { red: reader.i32(), yellow: reader.i32() };
  },
};

/** Limits the logs of all reachable volumes, until venus starts again. */
export const setZoneLimits = defineCall({
  name: 'zonelimit',
  opcode: 246,
  follow: false,
  outSize: 0,
  request: zoneLimits,
  reply: nothing,
});
