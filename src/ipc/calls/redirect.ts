import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

/** No server: fetches go where they went before. */
export const NO_SERVER = '0.0.0.0';

const SIZE = 4;

const address: Codec<string> = {
  encode: (value) => new ByteWriter().ipv4(value).finish(),
  decode: (bytes) => {
    if (bytes.length !== SIZE)
      throw new ProtocolError(`redir request: ${bytes.length} bytes, ${SIZE} expected`);
    return new ByteReader(bytes, 'redir request').ipv4();
  },
};

/**
 * Has contents of the volume that a path lies in fetched from one server (spec/cfs.md, 6.6). EINVAL: the volume is not
 * replicated.
 */
export const redirect = defineCall({
  name: 'redir',
  opcode: 141,
  follow: true,
  outSize: 0,
  request: address,
  reply: nothing,
});
