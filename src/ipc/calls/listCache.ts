import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, textPayload } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

/** Which objects of the cache are listed, and how (spec/cfs.md, 6.5). */
export interface CacheListing {
  /** With types and fids. */
  readonly long: boolean;
  /** Those with valid status and contents. */
  readonly valid: boolean;
  /** The others. */
  readonly invalid: boolean;
}

const [VALID, INVALID] = [1, 2];

const cacheListing: Codec<CacheListing> = {
  encode: ({ long, valid, invalid }) =>
    new ByteWriter()
      .u8(long ? 1 : 0)
      .u8((valid ? VALID : 0) | (invalid ? INVALID : 0))
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'listcache request');
    const long = reader.u8() !== 0;
    const mask = reader.u8();
    if (mask === 0 || mask > (VALID | INVALID))
      throw new ProtocolError(`listcache request: ${mask} says nothing about validity`);
    return { long, valid: (mask & VALID) !== 0, invalid: (mask & INVALID) !== 0 };
  },
};

/**
 * Lists what venus has cached of all volumes. The reply names a file of `/tmp`, which src/ipc/listingFile.ts checks,
 * reads and removes.
 */
export const listCache = defineCall({
  name: 'listcache',
  opcode: 242,
  follow: true,
  request: cacheListing,
  reply: textPayload('listcache reply'),
});

/** The same of the volume that a path leads to. EINVAL: it is neither a cached volume root nor a mount point. */
export const listCacheOfVolume = defineCall({ ...listCache, name: 'listcache', opcode: 39 });
