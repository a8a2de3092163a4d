import { ProtocolError } from './errors.ts';

/** A payload of which venus takes one size only, and answers EINVAL for any other. @throws ProtocolError */
export function exactly(bytes: Uint8Array, size: number, what: string): Uint8Array {
  if (bytes.length === size) return bytes;
  throw new ProtocolError(`${what}: ${bytes.length} bytes, ${size} expected`);
}
