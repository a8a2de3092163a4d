import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import type { Codec } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

/** No input stands for all servers. */
const serversToProbe: Codec<readonly string[]> = {
  encode: (addresses) => {
    if (addresses.length === 0) return new Uint8Array(0);
    const writer = new ByteWriter().i32(addresses.length);
    for (const address of addresses) writer.ipv4(address);
    return writer.finish();
  },
  decode: (bytes) => {
    if (bytes.length === 0) return [];
    const reader = new ByteReader(bytes, 'checkservers request');
    const count = reader.i32();
    if (count < 0 || count * 4 > reader.remaining) {
      throw new ProtocolError(`checkservers request: ${count} servers announced`);
    }
    return Array.from({ length: count }, () => reader.ipv4());
  },
};

/** Addresses, closed by a zero address. */
const serversDown: Codec<readonly string[]> = {
  encode: (addresses) => {
    const writer = new ByteWriter();
    for (const address of addresses) writer.ipv4(address);
    return writer.u32(0).finish();
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'checkservers reply');
    const addresses: string[] = [];
    for (let address = reader.ipv4(); address !== '0.0.0.0'; address = reader.ipv4()) addresses.push(address);
    return addresses;
  },
};

/** Probes servers, all of them if none is named; answers those that are down (spec/cfs.md, 6.6). */
export const checkServers = defineCall({
  name: 'checkservers',
  opcode: 10,
  follow: true,
  request: serversToProbe,
  reply: serversDown,
});
