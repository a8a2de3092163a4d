import { ByteReader, ByteWriter } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** Both directions of one payload. `decode` trusts nothing and throws ProtocolError. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** No payload. What stands there nevertheless is undefined memory of venus, and is not looked at. */
export const nothing: Codec<void> = {
  encode: () => new Uint8Array(0),
  decode: () => undefined,
};

/** One text and its NUL. */
export function textPayload(what: string): Codec<string> {
  return {
    encode: (text) => new ByteWriter().cString(text).finish(),
    decode: (bytes) => new ByteReader(bytes, what).cString(),
  };
}

/** A number that an `i32` holds, in an optional payload: absent means undefined. */
export function optionalFlag(what: string): Codec<boolean | undefined> {
  return {
    encode: (flag) => (flag === undefined ? new Uint8Array(0) : new ByteWriter().i32(flag ? 1 : 0).finish()),
    decode: (bytes) => {
      if (bytes.length === 0) return undefined;
      if (bytes.length !== 4) throw new ProtocolError(`${what}: ${bytes.length} bytes, 0 or 4 expected`);
      return new ByteReader(bytes, what).i32() === 1;
    },
  };
}
