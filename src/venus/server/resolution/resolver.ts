import { randomUUID } from 'node:crypto';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { isErrno } from '../../../ipc/errors.ts';
import { logFault, logNote } from '../../log.ts';
import type { PeerProtocol } from '../../net/peerProtocol.ts';
import type { Remote } from '../../net/link.ts';
import { sameStoreId } from '../../tree/version.ts';
import { type Vnodes } from '../../tree/vnodes.ts';
import { type VolumeRecord, isReplicated } from '../../tree/volumeRecord.ts';
import { Resolution } from './resolution.ts';
import { restore } from './restore.ts';
import type { ResolutionLog } from './resolutionLog.ts';
import type { Member } from './member.ts';
import type { Peers } from '../peers.ts';
import { RENEWAL } from './volumeLocks.ts';
import { type LockedMember, evenSettings } from './volumeSettings.ts';

export interface ResolverOptions {
  readonly vnodes: Vnodes;
  readonly log: ResolutionLog;
  readonly peers: Pick<Peers, 'link'>;
  /** What this server does for its peers, itself among them. */
  readonly self: Remote<PeerProtocol>;
  /** Milliseconds after which an update that not all servers seem to have is looked after; {@link PATROL} if not given. */
  readonly patrol?: number | undefined;
}

/** Milliseconds between two tries, where another server resolves the same volume; a part of it is chance. */
const PAUSE = 100;
const TRIES = 20;
/** A second phase takes much less. */
const PATROL = 2000;
/** Updates known to be everywhere after which they are forgotten everywhere. */
const MANY = 1000;

/** Brings the servers of volumes together: when a client sees that they differ, and by itself when they reach each other. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #running = new Map<number, Promise<void>>();
  /** Those that begin when the one that runs has ended. */
  readonly #waiting = new Map<number, Promise<void>>();
  /** By volume the newest update of the log at the last look, and after the last resolution. */
  readonly #seen = new Map<number, StoreId>();
  readonly #settled = new Map<number, StoreId>();
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#patrol(), options.patrol ?? PATROL).unref();
  }

  /** Resolves when the servers that can be reached are at the same state, but for conflicts. @throws VenusError ENXIO, EAGAIN */
  resolve(volume: number): Promise<void> {
    const waiting = this.#waiting.get(volume);
    if (waiting) return waiting;
    const running = this.#running.get(volume);
    if (!running) return this.#begin(volume);
    // The one that runs may not know of a server that has come back since it began.
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(volume);
        return this.#begin(volume);
      });
    this.#waiting.set(volume, next);
    return next;
  }

  /** Looks after all volumes that may differ: to be called when a way to a peer has opened, and at the start. */
  async look(): Promise<void> {
    for (const { id, members } of this.#options.vnodes.volumes()) {
      if (members.length < 2 || this.#isClosed) continue;
      await this.#tryTo(id);
    }
  }

  /**
   * A client may take a server for unreachable that has just come back, and a second phase may be lost: what stays in a log
   * without reason is looked after, though nobody asks for it.
   */
  async #patrol(): Promise<void> {
    const { vnodes, log } = this.#options;
    for (const { id, members } of [...vnodes.volumes()]) {
      if (members.length < 2 || this.#isClosed) continue;
      const seen = this.#seen.get(id);
      const newest = log.newest(id);
      if (newest) this.#seen.set(id, newest);
      else this.#seen.delete(id);
      if (!seen || sameStoreId(seen, this.#settled.get(id)) || !log.find(id, seen)) continue;
      await this.#tryTo(id);
    }
  }

  async #tryTo(volume: number): Promise<void> {
    await this.resolve(volume).catch((error: unknown) => {
      if (!isErrno(error, 'EAGAIN', 'ETIMEDOUT')) logFault(`resolution of ${volume.toString(16)}`, error);
    });
  }

  /** To be called after updates were concluded. */
  noteConcluded(volume: number): void {
    if (this.#isClosed) return;
    if (this.#options.log.countConcluded(volume, MANY) < MANY) return;
    void this.#tryTo(volume);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await Promise.allSettled([...this.#running.values(), ...this.#waiting.values()]);
  }

  #begin(volume: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const run = this.#patiently(volume).finally(() => this.#running.delete(volume));
    this.#running.set(volume, run);
    return run;
  }

  async #patiently(volume: number): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#once(volume);
        const newest = this.#options.log.newest(volume);
        if (newest) this.#settled.set(volume, newest);
        return;
      } catch (error) {
        if (!isErrno(error, 'EAGAIN') || tries === TRIES || this.#isClosed) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE * (0.5 + Math.random())));
      }
    }
  }

  async #once(volume: number): Promise<void> {
    const record = this.#options.vnodes.volume(volume);
    if (!isReplicated(record)) return;
    const holder = randomUUID();
    const { members, lost } = await this.#lock(record, holder);
    const renewal = setInterval(() => {
      // One that does not hear it refuses what it is told to do, and the resolution is begun anew.
      for (const { remote } of members) remote.call('renewLock', { volume, holder }).catch(() => undefined);
    }, RENEWAL).unref();
    try {
      if (members.length === 1 && lost.length === 0) return;
      await evenSettings(members, { volume, holder });
      const isWhole = members.length === record.members.length;
      await new Resolution({ volume, holder, members, isWhole, storeId: await this.#storeId(record) }).run();
      const [source] = members;
      for (const member of lost) {
        if (!source) break;
        await restore(this.#options.vnodes.volume(volume), source, member);
        logNote(`${member.server} has the volume ${record.name} back`);
      }
    } finally {
      clearInterval(renewal);
      await Promise.allSettled(members.map(({ remote }) => remote.call('unlockVolume', { volume, holder })));
    }
  }

  /** Locks the volume at all servers that can be reached. @throws VenusError EAGAIN if somebody else has it locked */
  async #lock(
    { id: volume, site: own, members: all }: VolumeRecord,
    holder: string,
  ): Promise<{ readonly members: readonly LockedMember[]; readonly lost: readonly Member[] }> {
    const [members, lost]: [LockedMember[], Member[]] = [[], []];
    try {
      for (const [site, { server }] of all.entries()) {
        const remote = site === own ? this.#options.self : this.#options.peers.link(server);
        if (!remote) continue;
        const member = { site, server, remote };
        try {
          members.push({ ...member, record: await remote.call('lockVolume', { volume, holder }) });
        } catch (error) {
          if (isErrno(error, 'ENXIO')) lost.push(member);
          else if (!isErrno(error, 'ETIMEDOUT')) throw error;
        }
      }
      return { members, lost };
    } catch (error) {
      await Promise.allSettled(members.map(({ remote }) => remote.call('unlockVolume', { volume, holder })));
      throw error;
    }
  }

  /** A new name for what a resolution makes. */
  #storeId({ id, replica }: VolumeRecord) {
    return this.#options.vnodes.database.transaction((writer) => ({
      host: replica,
      unique: this.#options.log.nextResolution(writer, id),
    }));
  }
}
