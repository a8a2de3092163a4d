import { createHash } from 'node:crypto';
import type { Fid } from '../../../ipc/fid.ts';
import { encodeText } from '../../../ipc/text.ts';
import { isErrno } from '../../../ipc/errors.ts';
import { fail } from '../../fail.ts';
import type { Service } from '../../net/link.ts';
import type { DirectorySummary, PeerProtocol, SiteStep } from '../../net/peerProtocol.ts';
import type { Contents } from '../../tree/apply.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import type { Callbacks } from '../callbacks.ts';
import type { Fetches } from '../fetches.ts';
import type { Performed } from '../performed.ts';
import type { Received, Stores } from '../stores.ts';
import { conclude } from '../conclusions.ts';
import { applyResolution } from './applyResolution.ts';
import type { ConflictCauses } from './conflictCauses.ts';
import type { ResolutionLog } from './resolutionLog.ts';
import type { Restores } from './restores.ts';
import type { Runts } from './runts.ts';
import { StagedResults } from './stagedResults.ts';
import type { VolumeLocks } from './volumeLocks.ts';
import { adoptSettings } from './volumeSettings.ts';

type Request<Name extends keyof PeerProtocol> = PeerProtocol[Name]['request'];

export interface PeerServiceOptions {
  readonly vnodes: Vnodes;
  readonly log: ResolutionLog;
  readonly causes: ConflictCauses;
  readonly locks: VolumeLocks;
  readonly performed: Performed;
  readonly fetches: Fetches;
  readonly stores: Stores;
  readonly callbacks: Callbacks;
  readonly restores: Restores;
  readonly runts: Runts;
}

/** What a server does for the others of its volumes: resolution, and giving a lost volume back. */
export class PeerService implements Service<PeerProtocol> {
  readonly #options: PeerServiceOptions;
  readonly #staged = new StagedResults();

  constructor(options: PeerServiceOptions) {
    this.#options = options;
  }

  readonly probe = () => Promise.resolve(null);

  readonly lockVolume = async ({ volume, holder }: Request<'lockVolume'>) => {
    const { vnodes, locks, restores } = this.#options;
    const record = vnodes.volume(volume);
    if (restores.isUnfinished(volume)) fail('ENXIO', 'The volume is being restored.');
    await locks.lock(volume, holder);
    return record;
  };

  readonly renewLock = ({ volume, holder }: Request<'renewLock'>) => {
    this.#options.locks.renew(volume, holder);
    return Promise.resolve(null);
  };

  readonly unlockVolume = ({ volume, holder }: Request<'unlockVolume'>) => {
    this.#options.locks.unlock(volume, holder);
    this.#staged.drop(volume, holder);
    return Promise.resolve(null);
  };

  readonly readLog = ({ volume, after, limit }: Request<'readLog'>) => {
    const found = [];
    for (const update of this.#options.log.updates(volume, after)) if (found.push(update) === limit) break;
    return Promise.resolve(found);
  };

  readonly concludedAmong = ({ volume, storeIds }: Request<'concludedAmong'>) =>
    Promise.resolve(storeIds.filter((storeId) => this.#options.log.isConcluded(volume, storeId)));

  readonly readObjects = ({ fids }: Request<'readObjects'>) =>
    Promise.resolve(fids.map((fid) => this.#options.vnodes.find(fid)));

  readonly readNames = ({ names }: Request<'readNames'>) =>
    Promise.resolve(names.map(({ directory, name }) => this.#fidOf(directory, name)));

  readonly listInconsistent = ({ volume }: Request<'listInconsistent'>) =>
    Promise.resolve(this.#options.vnodes.inconsistent(volume));

  readonly listRunts = ({ volume }: Request<'listRunts'>) =>
    Promise.resolve(this.#options.runts.list(volume));

  readonly summarise = ({ directory }: Request<'summarise'>) => Promise.resolve(this.#summary(directory));

  readonly openFetch = ({ fid }: Request<'openFetch'>) => this.#options.fetches.openForPeer(fid);
  readonly fetchFragment = (request: Request<'fetchFragment'>) => this.#options.fetches.read(request);
  readonly closeFetch = async ({ handle }: Request<'closeFetch'>) => {
    await this.#options.fetches.close(handle);
    return null;
  };

  readonly openStore = async ({ fid }: Request<'openStore'>) => ({
    handle: await this.#options.stores.open(fid),
  });
  readonly storeFragment = async ({ handle, bytes }: Request<'storeFragment'>) => {
    await this.#options.stores.appendForPeer(handle, bytes);
    return null;
  };
  readonly finishStore = async ({ handle }: Request<'finishStore'>) => {
    await this.#options.stores.finish(handle);
    return null;
  };
  readonly abandonStore = async ({ handle }: Request<'abandonStore'>) => {
    await this.#options.stores.abandon(handle);
    return null;
  };

  readonly stageResolution = ({ volume, holder, part }: Request<'stageResolution'>) => {
    this.#options.locks.renew(volume, holder);
    this.#staged.add(volume, holder, part);
    return Promise.resolve(null);
  };

  readonly applyResolution = async ({ volume, holder, result: last }: Request<'applyResolution'>) => {
    const { vnodes, log, causes, locks, performed, stores, callbacks, runts } = this.#options;
    locks.renew(volume, holder);
    const result = this.#staged.take(volume, holder, last);
    const received = await this.#receive(result.steps);
    try {
      const contents = new Map([...received].map(([handle, each]) => [handle, each.contents]));
      const { unused, touched } = await vnodes.database.transaction((writer) => {
        const applied = applyResolution({ vnodes, writer, contents }, result);
        runts.look(writer, applied.touched);
        causes.note(writer, volume, result.conflicts);
        for (const update of result.learned) {
          performed.note(writer, volume, update.storeId);
          if (!log.isConcluded(volume, update.storeId)) log.append(writer, volume, update);
        }
        if (result.isEven) log.noteAllCounted(writer, volume);
        const record = vnodes.volume(volume);
        const everybody = [...record.members.keys()];
        for (const storeId of result.concluded) conclude({ vnodes, log, writer, record }, storeId, everybody);
        if (result.isComplete) log.forgetConcluded(writer, volume);
        return applied;
      });
      for (const each of received.values()) await each.finish();
      for (const container of unused) await stores.discard(container);
      await callbacks.break(touched, undefined);
    } catch (error) {
      if (!isErrno(error, 'EIO')) for (const each of received.values()) each.putBack();
      throw error;
    }
    return null;
  };

  readonly adoptSettings = async ({ volume, holder, settings }: Request<'adoptSettings'>) => {
    const { vnodes, locks } = this.#options;
    locks.renew(volume, holder);
    await vnodes.database.transaction((writer) => adoptSettings(vnodes, writer, volume, settings));
    return null;
  };

  readonly beginRestore = async (request: Request<'beginRestore'>) => this.#options.restores.begin(request);
  readonly restoreObjects = async (request: Request<'restoreObjects'>) =>
    this.#options.restores.take(request);
  readonly restoreLog = async (request: Request<'restoreLog'>) => this.#options.restores.takeLog(request);
  readonly endRestore = async (request: Request<'endRestore'>) => this.#options.restores.end(request);

  readonly listObjects = ({ volume, after, limit }: Request<'listObjects'>) => {
    const found = [];
    for (const vnode of this.#options.vnodes.inVolume(volume, after)) if (found.push(vnode) === limit) break;
    return Promise.resolve(found);
  };

  readonly readHistory = ({ volume }: Request<'readHistory'>) => {
    const { log, performed } = this.#options;
    return Promise.resolve({ performed: performed.all(volume), concluded: log.concluded(volume) });
  };

  readonly listNames = ({ directory, after, limit }: Request<'listNames'>) => {
    const found = [];
    for (const { name, entry } of this.#options.vnodes.entries(directory, after)) {
      const { vnode, unique } = entry;
      found.push({ directory, name, fid: { volume: directory.volume, vnode, unique } });
      if (found.length === limit) break;
    }
    return Promise.resolve(found);
  };

  #fidOf(directory: Fid, name: string): Fid | undefined {
    const { vnodes } = this.#options;
    if (!vnodes.find(directory)) return undefined;
    const entry = vnodes.entry(directory, name);
    return entry && { volume: directory.volume, vnode: entry.vnode, unique: entry.unique };
  }

  #summary(directory: Fid): DirectorySummary | undefined {
    const { vnodes } = this.#options;
    const vnode = vnodes.find(directory);
    if (!vnode) return undefined;
    const hash = createHash('sha256');
    for (const { name, entry } of vnodes.entries(directory))
      hash.update(encodeText(name)).update(`\0${entry.vnode}.${entry.unique}\n`);
    return { vnode, digest: hash.digest('hex') };
  }

  /** Contents that were sent ahead. Where some are gone, the others are put back. */
  async #receive(
    steps: readonly SiteStep[],
  ): Promise<ReadonlyMap<number, Received & { contents: Contents }>> {
    const received = new Map<number, Received>();
    try {
      for (const step of steps) {
        const handle = 'object' in step ? step.object.handle : undefined;
        if (handle !== undefined) received.set(handle, await this.#options.stores.receive(handle));
      }
      return received;
    } catch (error) {
      for (const each of received.values()) each.putBack();
      throw error;
    }
  }
}

/** What is only sent between servers that trust each other is checked nevertheless. @throws VenusError EXDEV */
export function checkVolumeOf(fids: readonly Fid[], volume: number): void {
  if (fids.some((fid) => fid.volume !== volume)) fail('EXDEV', 'It is about another volume.');
}
