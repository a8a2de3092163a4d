/**
 * What travels between nodes that are processes of their own: frames of a length (4 bytes, big-endian) and a value as
 * V8 writes it, which keeps what structuredClone keeps.
 */
import { deserialize, serialize } from 'node:v8';
import * as v from 'valibot';
import { ProtocolError } from '../../ipc/errors.ts';
import { fail } from '../fail.ts';
import { sentFailureSchema } from './failure.ts';

/** Bytes of a value at most. Contents travel in fragments that are far smaller. */
export const MAX_FRAME = 32 * 1024 * 1024;
const LENGTH_SIZE = 4;

const id = v.pipe(v.number(), v.safeInteger());

/** What the end that asks sends. The first frame says who it is and what it wants. */
export const helloSchema = v.object({ kind: v.literal('hello'), from: v.string(), service: v.string() });
export const askedSchema = v.variant('kind', [
  v.object({ kind: v.literal('call'), id, name: v.string(), request: v.unknown() }),
  v.object({ kind: v.literal('ping') }),
]);
/** What the other end sends. */
export const answeredSchema = v.variant('kind', [
  v.object({ kind: v.literal('reply'), id, reply: v.unknown() }),
  v.object({ kind: v.literal('failure'), id, failure: sentFailureSchema }),
  v.object({ kind: v.literal('pong') }),
]);

export type Frame =
  | v.InferOutput<typeof helloSchema>
  | v.InferOutput<typeof askedSchema>
  | v.InferOutput<typeof answeredSchema>;

/** @throws VenusError EIO if it is too long for a frame */
export function encodeFrame(frame: Frame): Buffer {
  const body = serialize(frame);
  if (body.length > MAX_FRAME) fail('EIO', `A message of ${body.length} bytes is too long.`);
  const length = Buffer.alloc(LENGTH_SIZE);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** Puts frames together from the pieces in which they come. */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #size = 0;
  /** Bytes of the frame that is awaited, with its length; as far as it is known. */
  #wanted = LENGTH_SIZE;

  /** The values of the frames that end with this piece. @throws ProtocolError if they are no frames */
  *read(piece: Uint8Array): Generator {
    this.#pieces.push(piece);
    this.#size += piece.length;
    while (this.#size >= this.#wanted) {
      const bytes = Buffer.concat(this.#pieces);
      const end = LENGTH_SIZE + bytes.readUInt32BE(0);
      if (end > LENGTH_SIZE + MAX_FRAME) throw new ProtocolError('a frame is too long');
      this.#keep(bytes, bytes.length < end ? 0 : end);
      if (bytes.length >= end) yield parse(bytes.subarray(LENGTH_SIZE, end));
      else this.#wanted = end;
    }
  }

  #keep(bytes: Buffer, from: number): void {
    const rest = bytes.subarray(from);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    this.#wanted = LENGTH_SIZE;
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return deserialize(body);
  } catch (cause) {
    throw new ProtocolError('a frame holds no value', {}, { cause });
  }
}
