import { Right } from '../../acl/rights.ts';
import { isErrno } from '../../ipc/errors.ts';
import { fail } from '../fail.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Writer } from '../store/database.ts';
import { requireRights } from '../tree/access.ts';
import { type Vnodes, isReplicated } from '../tree/vnodes.ts';
import type { Callbacks } from './callbacks.ts';
import type { Identities } from './identities.ts';
import { type RepairEffects, repairDirectory } from './operations/repairDirectory.ts';
import { repairFile } from './operations/repairObject.ts';
import type { ProtectionDatabase } from './protection/protectionDatabase.ts';
import { NO_EFFECTS } from './resolution/effects.ts';
import type { LoggedUpdate } from './resolution/loggedUpdate.ts';
import type { ResolutionLog } from './resolution/resolutionLog.ts';
import type { Runts } from './resolution/runts.ts';
import type { VolumeLocks } from './resolution/volumeLocks.ts';
import type { Stores } from './stores.ts';

type Request = FileProtocol['repairReplica']['request'];
type By = Pick<LoggedUpdate, 'time' | 'viceId'>;

export interface RepairsOptions {
  readonly vnodes: Vnodes;
  readonly log: ResolutionLog;
  readonly locks: VolumeLocks;
  readonly stores: Stores;
  readonly callbacks: Callbacks;
  readonly identities: Identities;
  readonly protection: ProtectionDatabase;
  readonly runts: Runts;
}

/** Repairs of objects in conflict, each at this server's replica (spec/repair.md, 13). */
export class Repairs {
  readonly #options: RepairsOptions;

  constructor(options: RepairsOptions) {
    this.#options = options;
  }

  /** @throws VenusError EOPNOTSUPP for a volume with one server, and what repairFile and repairDirectory refuse */
  async perform(request: Request): Promise<null> {
    const { vnodes, locks, callbacks } = this.#options;
    if (!isReplicated(vnodes.volume(request.fid.volume))) fail('EOPNOTSUPP', 'The volume has one server.');
    await locks.update(request.fid.volume, () =>
      request.source.kind === 'file'
        ? this.#file(request, request.source)
        : this.#directory(request, request.source),
    );
    await callbacks.break([request.fid], undefined);
    return null;
  }

  /** @throws VenusError EACCES */
  async setVersion({
    credentials,
    fid,
    versionVector,
  }: FileProtocol['setVersion']['request']): Promise<null> {
    const { vnodes, locks, callbacks, identities, runts } = this.#options;
    await locks.update(fid.volume, () =>
      vnodes.database.transaction((writer) => {
        const vnode = vnodes.vnode(fid);
        requireRights(vnodes.ruler(vnode), identities.of(credentials), Right.Write);
        vnodes.put(writer, { ...vnode, versionVector });
        runts.look(writer, [fid]);
      }),
    );
    await callbacks.break([fid], undefined);
    return null;
  }

  async #file(
    { credentials, fid, storeId, template, time }: Request,
    { handle, owner, mode, modified }: Extract<Request['source'], { kind: 'file' }>,
  ): Promise<void> {
    const { vnodes, stores, identities, log } = this.#options;
    const identity = identities.of(credentials);
    const received = await stores.receive(handle);
    try {
      const { contents } = received;
      const unused = await vnodes.database.transaction((writer) => {
        const change = { vnodes, writer, identity, storeId, now: time };
        const dropped = repairFile(change, { fid, template, owner, mode, modified, contents });
        const by = { time, viceId: identity.viceId };
        log.supersedeChanges(writer, fid);
        log.append(writer, fid.volume, { storeId, ...by, ...NO_EFFECTS, kind: 'repair', changed: [fid] });
        return dropped;
      });
      await received.finish();
      if (unused !== undefined) await stores.discard(unused);
    } catch (error) {
      if (!isErrno(error, 'EIO')) received.putBack();
      throw error;
    }
  }

  async #directory(
    { credentials, fid, storeId, template, time }: Request,
    { operations }: Extract<Request['source'], { kind: 'directory' }>,
  ): Promise<void> {
    const { vnodes, stores, identities, protection, callbacks } = this.#options;
    const identity = identities.of(credentials);
    const effects = await vnodes.database.transaction((writer) => {
      const change = { vnodes, writer, identity, storeId, now: time };
      const done = repairDirectory(change, { fid, template, operations }, protection);
      this.#log(writer, { fid, storeId }, done, { time, viceId: identity.viceId });
      return done;
    });
    for (const container of effects.unused) await stores.discard(container);
    const names = [...effects.added, ...effects.removed];
    await callbacks.break(
      [...names.map(({ directory }) => directory), ...names.map((name) => name.fid)],
      undefined,
    );
  }

  /** Each server does something else to names, and all the same to the status. */
  #log(
    writer: Writer,
    { fid, storeId }: Pick<Request, 'fid' | 'storeId'>,
    effects: RepairEffects,
    by: By,
  ): void {
    const { log, vnodes } = this.#options;
    const { added, removed, made, gone, isStatusSet } = effects;
    const { volume } = fid;
    if (added.length + removed.length > 0) {
      const own = { host: vnodes.volume(volume).replica, unique: log.nextResolution(writer, volume) };
      log.append(writer, volume, {
        storeId: own,
        ...by,
        kind: 'repair',
        added,
        removed,
        made,
        gone,
        changed: [],
      });
    }
    // Where the status is right already, what led to it is settled all the same: else it would be in conflict for ever.
    const wasChanged = log.supersedeChanges(writer, fid);
    if (!isStatusSet && !wasChanged) return;
    log.append(writer, volume, { storeId, ...by, ...NO_EFFECTS, kind: 'repair', changed: [fid] });
  }
}
