import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Codec } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

/** When the changes of a volume are sent to the servers. What is undefined stays as it is. */
export interface ReintegrationLimits {
  /** Seconds that an entry of the modify log rests before it is sent. */
  readonly age: number | undefined;
  /** Milliseconds that one round of sending may take; 0 = each change is sent before its call returns. */
  readonly time: number | undefined;
}

/** Stands for "leave it as it is". */
const UNCHANGED = 0xffffffff;
/** The greatest age in seconds, or time in milliseconds, that can be set. */
export const MAX_LIMIT = UNCHANGED - 1;

/**
 * Two `u32`, 8 bytes (spec/cfs.md, 6.6). Nothing shorter is read: real venus takes an empty request, and sets what
 * happens to lie in its buffer.
 */
export const reintegrationLimits: Codec<ReintegrationLimits> = {
  encode: ({ age, time }) => new ByteWriter().u32(toWire(age)).u32(toWire(time)).finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'writedisconnect request');
    return { age: fromWire(reader.u32()), time: fromWire(reader.u32()) };
  },
};

function toWire(limit: number | undefined): number {
  if (limit === undefined) return UNCHANGED;
  if (Number.isInteger(limit) && limit >= 0 && limit <= MAX_LIMIT) return limit;
  throw new ProtocolError(`writedisconnect request: ${limit} is not from 0 to ${MAX_LIMIT}`);
}

function fromWire(value: number): number | undefined {
  return value === UNCHANGED ? undefined : value;
}
