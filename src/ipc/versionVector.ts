import type { ByteReader, ByteWriter } from './bytes.ts';

/** How often each of up to eight replicas of an object was updated (spec/cfs.md, 4.2). */
export interface VersionVector {
  /** Eight counters, one per place in the volume's storage group. */
  readonly versions: readonly number[];
  readonly storeId: StoreId;
  readonly flags: number;
}

/** Names one update: the client that made it and a number of that client's. */
export interface StoreId {
  readonly host: number;
  readonly unique: number;
}

export const VSG_SIZE = 8;

/** What venus answers for an object of its own, such as the Coda root. */
export const localVersionVector: VersionVector = {
  versions: new Array<number>(VSG_SIZE).fill(0),
  storeId: { host: 0xffffffff, unique: 0 },
  flags: 0,
};

export function writeVersionVector(writer: ByteWriter, vector: VersionVector): ByteWriter {
  for (let site = 0; site < VSG_SIZE; site++) writer.i32(vector.versions[site] ?? 0);
  return writer.u32(vector.storeId.host).u32(vector.storeId.unique).u32(vector.flags);
}

export function readVersionVector(reader: ByteReader): VersionVector {
  const versions = Array.from({ length: VSG_SIZE }, () => reader.i32());
  return { versions, storeId: { host: reader.u32(), unique: reader.u32() }, flags: reader.u32() };
}

/** How the counters of two vectors are to each other (spec/repair.md, 1); flags and store ids play no part in it. */
export type VectorOrder = 'equal' | 'dominates' | 'dominated' | 'concurrent';

export function compareVectors(one: VersionVector, other: VersionVector): VectorOrder {
  const isMore = one.versions.some((count, site) => count > (other.versions[site] ?? 0));
  const isLess = one.versions.some((count, site) => count < (other.versions[site] ?? 0));
  if (isMore && isLess) return 'concurrent';
  return isMore ? 'dominates' : isLess ? 'dominated' : 'equal';
}

/** The larger counter of each place. */
export function largestCounters(vectors: readonly VersionVector[]): readonly number[] {
  return Array.from({ length: VSG_SIZE }, (_, site) =>
    Math.max(0, ...vectors.map(({ versions }) => versions[site] ?? 0)),
  );
}

/** `[ 1 1 0 0 0 0 0 0 ] [ 80020127.12 ] [ 0 ]`, as getfid prints it. */
export function formatVersionVector(vector: VersionVector): string {
  const { host, unique } = vector.storeId;
  const flags = vector.flags === 0 ? '0' : `0x${vector.flags.toString(16)}`;
  return `[ ${vector.versions.join(' ')} ] [ ${host.toString(16)}.${unique.toString(16)} ] [ ${flags} ]`;
}
