import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import type { Codec } from '../codec.ts';
import { type Fid, formatFid, parseRealmFid } from '../fid.ts';
import { ProtocolError } from '../errors.ts';
import { VSG_SIZE } from '../versionVector.ts';

/** What takes the place of an object in conflict. */
export type RepairSource =
  /** A file of this machine that venus opens: contents for a file, a fix file for a directory. */
  | { readonly kind: 'local'; readonly path: string }
  /** A file in Coda, whose contents a file gets. */
  | { readonly kind: 'coda'; readonly fid: Fid; readonly realm: string };

/** What one replica made of it: 0, or an errno. */
export interface ReplicaCode {
  readonly volume: number;
  readonly code: number;
}

const WHAT = 'repair request';

/** An absolute path, or `@vol.vnode.unique@realm` in hexadecimal, and a NUL (spec/repair.md, 4). */
const source: Codec<RepairSource> = {
  encode: (value) => {
    if (value.kind === 'coda')
      return new ByteWriter().cString(`@${formatFid(value.fid)}@${value.realm}`).finish();
    // Venus would look for any other in its own working directory, or take it for a fid.
    if (!value.path.startsWith('/')) throw new ProtocolError(`${WHAT}: ${value.path} is no absolute path`);
    return new ByteWriter().cString(value.path).finish();
  },
  decode: (bytes) => {
    const text = new ByteReader(bytes, WHAT).cString();
    if (text.startsWith('/')) return { kind: 'local', path: text };
    const found = text.startsWith('@') ? parseRealmFid(text.slice(1)) : undefined;
    if (!found) throw new ProtocolError(`${WHAT}: neither a path nor a fid`);
    const { realm, ...fid } = found;
    return { kind: 'coda', fid, realm };
  },
};

/** Eight replica ids, then eight codes in the same places; unused places are zero. */
const codes: Codec<readonly ReplicaCode[]> = {
  encode: (replicas) => {
    const writer = new ByteWriter();
    for (let site = 0; site < VSG_SIZE; site++) writer.u32(replicas[site]?.volume ?? 0);
    for (let site = 0; site < VSG_SIZE; site++) writer.i32(replicas[site]?.code ?? 0);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'repair reply');
    const volumes = Array.from({ length: VSG_SIZE }, () => reader.u32());
    return volumes.map((volume) => ({ volume, code: reader.i32() })).filter(({ volume }) => volume !== 0);
  },
};

/**
 * Repairs an object in conflict among its servers, expanded or not. EINVAL if it is not in conflict or nobody can read the source,
 * ETIMEDOUT if no server answers; else what each of them made of it.
 */
export const repairObject = defineCall({
  name: 'repair',
  opcode: 194,
  follow: false,
  changes: true,
  request: source,
  reply: codes,
});
