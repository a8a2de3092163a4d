import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

export interface ServerAddress {
  readonly address: string;
  readonly name: string;
}

/** Per server four bytes of address, then its name and a NUL. */
const addresses: Codec<readonly ServerAddress[]> = {
  encode: (servers) => {
    const writer = new ByteWriter();
    for (const server of servers) writer.ipv4(server.address).cString(server.name);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'listservers reply');
    const servers: ServerAddress[] = [];
    while (reader.remaining > 0) servers.push({ address: reader.ipv4(), name: reader.cString() });
    return servers;
  },
};

/** Embedded venus only: names for the addresses of its servers, which no resolver knows. */
export const listServers = defineCall({
  name: 'listservers',
  opcode: 258,
  follow: false,
  request: nothing,
  reply: addresses,
});
