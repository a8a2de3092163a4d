import { defineCall } from '../call.ts';
import { type Codec, nothing, textPayload } from '../codec.ts';

const text = textPayload('checkpointml request');

/** Nothing, or a directory and its NUL, without which venus reads on into the path (spec/cml.md, 8, 7). */
const directory: Codec<string | undefined> = {
  encode: (value) => (value === undefined ? new Uint8Array(0) : text.encode(value)),
  decode: (bytes) => (bytes.length === 0 ? undefined : text.decode(bytes)),
};

/**
 * Writes what the modify log of the volume at the path holds into an archive and a `.cml` text. Request: an absolute
 * directory as venus sees it, or undefined for venus's own (spec/cml.md, 5.2).
 * ENOENT: the log is empty, or the archive cannot be made; EACCES: the caller is neither the log's owner nor root;
 * EOPNOTSUPP: not a read-write volume; ENOSPC, ENAMETOOLONG.
 */
export const checkpointLog = defineCall({
  name: 'checkpointml',
  opcode: 211,
  follow: true,
  outSize: 0,
  request: directory,
  reply: nothing,
});
