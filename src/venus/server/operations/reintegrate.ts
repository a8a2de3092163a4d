import type { Fid } from '../../../ipc/fid.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { VersionVector } from '../../../ipc/versionVector.ts';
import { type KnownUpdate, type SentMutation, directoriesOf } from '../../net/mutation.ts';
import type { Writer } from '../../store/database.ts';
import { type Contents, apply, certify } from '../../tree/apply.ts';
import { sameStoreId } from '../../tree/version.ts';
import type { Identity } from '../../tree/identity.ts';
import type { Vnode, Vnodes } from '../../tree/vnodes.ts';
import type { Performed } from '../performed.ts';
import { effectsOf } from '../resolution/effects.ts';
import type { ResolutionLog } from '../resolution/resolutionLog.ts';

/** A mutation that may not be performed; those before it were undone with it. */
export class RefusedMutation extends Error {
  readonly index: number;
  override readonly cause: VenusError;

  constructor(index: number, cause: VenusError) {
    super(cause.message);
    this.index = index;
    this.cause = cause;
  }
}

/** What has become of the objects of a batch. */
export interface Reintegrated {
  readonly versions: readonly { readonly fid: Fid; readonly versionVector: VersionVector }[];
  /** Containers that no object names: of replaced or removed files, and those sent again without need. */
  readonly unused: readonly number[];
  /** Directories that others had changed before, so that what the client has of them is old. */
  readonly stale: readonly Fid[];
}

export interface ReceivedMutation extends SentMutation {
  readonly contents: Contents | undefined;
}

interface Batch {
  /** Where what was done is noted, of a volume that has other servers. */
  readonly log: ResolutionLog | undefined;
  readonly volume: number;
  readonly identity: Identity;
  readonly records: readonly ReceivedMutation[];
  /** The last updates of directories that the client knew. */
  readonly known: readonly KnownUpdate[];
}

/**
 * Replays a part of a client's modify log, as a whole or not at all. What was performed before, since its answer was
 * lost, is not performed again: the server remembers the last of each client.
 * @throws RefusedMutation
 */
export function reintegrate(
  vnodes: Vnodes,
  performed: Performed,
  writer: Writer,
  { log, volume, identity, records, known }: Batch,
): Reintegrated {
  const unused: number[] = [];
  const touched = new Map<string, Fid>();
  const stale = known.filter((update) => isStale(vnodes, update, records)).map(({ fid }) => fid);
  for (const [index, { storeId, time, mutation, base, contents }] of records.entries()) {
    for (const fid of [...directoriesOf(mutation), mutation.fid]) touched.set(`${fid.vnode}`, fid);
    if (performed.has(volume, storeId)) {
      if (contents?.container !== undefined) unused.push(contents.container);
      continue;
    }
    try {
      certify({ vnodes, identity, storeId }, mutation, base);
      const effects = effectsOf(vnodes, mutation);
      const dropped = apply({ vnodes, writer, identity, storeId, now: time }, mutation, contents);
      if (dropped !== undefined) unused.push(dropped);
      log?.append(writer, volume, { storeId, time, viceId: identity.viceId, ...effects });
    } catch (error) {
      if (error instanceof VenusError) throw new RefusedMutation(index, error);
      throw error;
    }
    performed.note(writer, volume, storeId);
  }
  return { versions: versionsOf(vnodes, [...touched.values()]), unused, stale };
}

/** Whether the last update of a directory is neither the one that the client knew nor one of its own. */
function isStale(
  vnodes: Vnodes,
  { fid, storeId }: KnownUpdate,
  [first]: readonly ReceivedMutation[],
): boolean {
  const last = find(vnodes, fid)?.versionVector.storeId;
  return last !== undefined && last.host !== first?.storeId.host && !sameStoreId(last, storeId);
}

function versionsOf(vnodes: Vnodes, fids: readonly Fid[]) {
  return fids.flatMap((fid) => {
    const vnode = find(vnodes, fid);
    return vnode ? [{ fid, versionVector: vnode.versionVector }] : [];
  });
}

function find(vnodes: Vnodes, fid: Fid): Vnode | undefined {
  return vnodes.isFree(fid) ? undefined : vnodes.vnode(fid);
}
