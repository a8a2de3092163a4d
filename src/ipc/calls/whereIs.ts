import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { VSG_SIZE } from '../versionVector.ts';

/** One place in a volume's storage group. */
export interface ReplicaLocation {
  readonly address: string;
  readonly replicaVolume: number;
}

const UNUSED = '0.0.0.0';

/** Eight addresses, then eight replica ids in the same places; unused places are zero (spec/cfs.md, 6.2). */
const storageGroup: Codec<readonly ReplicaLocation[]> = {
  encode: (replicas) => {
    const writer = new ByteWriter();
    for (let site = 0; site < VSG_SIZE; site++) writer.ipv4(replicas[site]?.address ?? UNUSED);
    for (let site = 0; site < VSG_SIZE; site++) writer.u32(replicas[site]?.replicaVolume ?? 0);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'whereis reply');
    const addresses = Array.from({ length: VSG_SIZE }, () => reader.ipv4());
    return addresses
      .map((address) => ({ address, replicaVolume: reader.u32() }))
      .filter((replica) => replica.address !== UNUSED);
  },
};

/** The servers that hold the volume a path lies in; none for the Coda root. */
export const whereIs = defineCall({
  name: 'whereis',
  opcode: 14,
  follow: true,
  request: nothing,
  reply: storageGroup,
});

/** The same by place in version vectors: eight, of which some may be undefined. The object may be in conflict. */
export const whereIsBySlot = defineCall({
  ...whereIs,
  follow: false,
  reply: {
    encode: (replicas: readonly (ReplicaLocation | undefined)[]) =>
      storageGroup.encode(replicas.map((replica) => replica ?? { address: UNUSED, replicaVolume: 0 })),
    decode: (bytes) => {
      const reader = new ByteReader(bytes, 'whereis reply');
      const addresses = Array.from({ length: VSG_SIZE }, () => reader.ipv4());
      return addresses.map((address) => {
        const replicaVolume = reader.u32();
        return address === UNUSED ? undefined : { address, replicaVolume };
      });
    },
  } satisfies Codec<readonly (ReplicaLocation | undefined)[]>,
});
