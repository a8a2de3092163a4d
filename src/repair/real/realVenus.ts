import type { CmlLine } from '../../cml/cmlLine.ts';
import { type AccessList, parseAcl } from '../../acl/accessList.ts';
import { type Pioctls, ROOT, call, encodeCall } from '../../ipc/call.ts';
import { checkpointLog } from '../../ipc/calls/checkpointLog.ts';
import { disableRepair, enableRepair } from '../../ipc/calls/expandObject.ts';
import { forceReintegration } from '../../ipc/calls/forceReintegration.ts';
import { type Identity, getFid } from '../../ipc/calls/getFid.ts';
import { getAcl } from '../../ipc/calls/getAcl.ts';
import { getParentFid } from '../../ipc/calls/getParentFid.ts';
import { getPath } from '../../ipc/calls/getPath.ts';
import { getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { listLocal } from '../../ipc/calls/listLocal.ts';
import { purgeLog } from '../../ipc/calls/purgeLog.ts';
import { RepairAction, repairCommand } from '../../ipc/calls/repairCommand.ts';
import { type RepairSource, type ReplicaCode, repairObject } from '../../ipc/calls/repairObject.ts';
import { setVersionVector } from '../../ipc/calls/setVersionVector.ts';
import { type ReplicaLocation, whereIsBySlot } from '../../ipc/calls/whereIs.ts';
import { type Fid, type RealmFid, formatRealmFid } from '../../ipc/fid.ts';
import type { VersionVector } from '../../ipc/versionVector.ts';
import type { VolumeStatus } from '../../ipc/volumeStatus.ts';
import { type Milliseconds, withTimeLimit } from '../../ipc/timeLimit.ts';
import { readListing } from './logListing.ts';

/** Links are never followed, as an object in conflict is one. */
const headCommand = { ...repairCommand, follow: false };

/** What repair asks a venus for. Each request has a time limit, as many wait for the log of another user. */
export class RealVenus {
  readonly #venus: Pioctls;
  readonly #uid: number;
  readonly #limit: Milliseconds;

  /** @param uid of this process, whom listings have to belong to */
  constructor(venus: Pioctls, uid: number, limit: Milliseconds) {
    this.#venus = venus;
    this.#uid = uid;
    this.#limit = limit;
  }

  identity(path: string): Promise<Identity> {
    return this.#ask(getFid, path, call(this.#venus, getFid, path, undefined));
  }

  /** Of the mount point instead of the volume's root that is behind it. */
  mountPointIdentity(path: string): Promise<Identity> {
    return this.#ask(getFid, path, call(this.#venus, getFid, path, true));
  }

  /** Where an object is, as far as venus can tell: `<volume>/a/b` where it knows no more. */
  pathOf(fid: RealmFid): Promise<string> {
    return this.#ask(getPath, formatRealmFid(fid), call(this.#venus, getPath, ROOT, fid));
  }

  parentOf(fid: RealmFid): Promise<Fid> {
    return this.#ask(getParentFid, formatRealmFid(fid), call(this.#venus, getParentFid, ROOT, fid));
  }

  async access(path: string): Promise<AccessList> {
    const text = call(this.#venus, { ...getAcl, follow: false }, path);
    return parseAcl(await this.#ask(getAcl, path, text), 'reply');
  }

  async volumeStatus(path: string): Promise<VolumeStatus> {
    const report = call(this.#venus, { ...getVolumeStatus, follow: false }, path, false);
    return (await this.#ask(getVolumeStatus, path, report)).status;
  }

  /** The replicas of a volume by their places in version vectors. */
  slots(path: string): Promise<readonly (ReplicaLocation | undefined)[]> {
    return this.#ask(whereIsBySlot, path, call(this.#venus, whereIsBySlot, path));
  }

  /** Sends a replacement to all servers of an object in conflict that answer. */
  repair(path: string, source: RepairSource): Promise<readonly ReplicaCode[]> {
    return this.#ask(repairObject, path, call(this.#venus, repairObject, path, source));
  }

  setVersionVector(path: string, vector: VersionVector): Promise<void> {
    return this.#ask(setVersionVector, path, call(this.#venus, setVersionVector, path, vector));
  }

  expand(path: string): Promise<void> {
    return this.#ask(enableRepair, path, call(this.#venus, enableRepair, path));
  }

  collapse(path: string): Promise<void> {
    return this.#ask(disableRepair, path, call(this.#venus, disableRepair, path));
  }

  /** What kind of conflict an expanded object is in: a number as text (spec/repair.md, 4). */
  kindOfConflict(path: string): Promise<string> {
    return this.#command(path, { action: RepairAction.Begin, argument: 1 });
  }

  async list(path: string): Promise<readonly CmlLine[]> {
    const request = { action: RepairAction.List };
    const name = await this.#ask(listLocal, path, call(this.#venus, listLocal, path, request));
    return readListing(name, this.#uid);
  }

  /** What stands in the way of the first record. Only while nothing of it is expanded (spec/repair.md, 22). */
  checkFirst(path: string): Promise<string> {
    return this.#command(path, { action: RepairAction.CheckFirst });
  }

  /** Deletes the first record of the log, for good. @throws VenusError EINVAL if it is not in conflict */
  discardFirst(path: string): Promise<string> {
    return this.#command(path, { action: RepairAction.DiscardFirst });
  }

  /** Sends the log, in spite of what is in conflict in it. */
  send(path: string): Promise<void> {
    return this.#ask(forceReintegration, path, call(this.#venus, forceReintegration, path));
  }

  /** Whether the log holds a record in conflict. Servers are not asked. */
  async hasConflict(path: string): Promise<boolean> {
    const report = call(this.#venus, { ...getVolumeStatus, follow: false }, path, true);
    return (await this.#ask(getVolumeStatus, path, report)).conflict;
  }

  /** Has venus write a checkpoint of the log where it always does. */
  checkpoint(path: string): Promise<void> {
    const request = encodeCall({ ...checkpointLog, follow: false }, path, undefined);
    return this.#ask(
      checkpointLog,
      path,
      this.#venus.pioctl(request).then(() => undefined),
    );
  }

  /** Throws the whole log away. */
  purge(path: string): Promise<void> {
    return this.#ask(purgeLog, path, call(this.#venus, { ...purgeLog, follow: false }, path));
  }

  #command(path: string, request: { readonly action: number; readonly argument?: number }): Promise<string> {
    return this.#ask(headCommand, path, call(this.#venus, headCommand, path, request));
  }

  #ask<Reply>({ name }: { readonly name: string }, path: string, answer: Promise<Reply>): Promise<Reply> {
    return withTimeLimit(answer, this.#limit, () => `${name} of ${path}`);
  }
}
