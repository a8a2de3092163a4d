import { fail } from '../../fail.ts';
import type { PeerProtocol } from '../../net/peerProtocol.ts';
import { type Vnodes } from '../../tree/vnodes.ts';
import { NUMBERS_PER_SITE } from '../../tree/volumeRecord.ts';
import type { Performed } from '../performed.ts';
import type { Stores } from '../stores.ts';
import { applyResolution } from './applyResolution.ts';
import { withOwnNumbers } from './ownNumbers.ts';
import type { ResolutionLog } from './resolutionLog.ts';
import type { Table } from '../../store/database.ts';
import { key } from '../../store/keys.ts';

type Request<Name extends keyof PeerProtocol> = PeerProtocol[Name]['request'];

export interface RestoresOptions {
  readonly vnodes: Vnodes;
  readonly stores: Stores;
  readonly log: ResolutionLog;
  readonly performed: Performed;
}

/** Volumes that a server has lost, and gets back from another one. */
export class Restores {
  readonly #options: RestoresOptions;
  /** Volumes that are not whole yet. */
  readonly #unfinished: Table<true>;

  constructor(options: RestoresOptions) {
    this.#options = options;
    this.#unfinished = options.vnodes.database.table('regaining');
  }

  /** Whether a volume is here, but not as a whole yet. */
  isUnfinished(volume: number): boolean {
    return this.#unfinished.get(key(volume)) === true;
  }

  /** Begins, or begins anew what was not ended. @throws VenusError EEXIST if the volume is here */
  async begin({ record }: Request<'beginRestore'>): Promise<null> {
    const { vnodes, stores } = this.#options;
    const { id } = record;
    if (vnodes.hasVolume(id) && !this.isUnfinished(id)) fail('EEXIST', 'The volume is not lost.');
    const site = record.site;
    const start = site * NUMBERS_PER_SITE;
    const containers = await vnodes.database.transaction((writer) => {
      const unfinished = [...vnodes.inVolume(id, 0)];
      for (const vnode of unfinished) {
        if (vnode.type === 'directory') vnodes.clearEntries(writer, vnode.fid);
        vnodes.remove(writer, vnode);
      }
      const next = { nextDirectory: start + 1, nextFile: start + 2, nextUnique: start + 1 };
      vnodes.putVolume(writer, { ...record, ...next, blocksUsed: 0 });
      writer.put(this.#unfinished, key(id), true);
      return unfinished.flatMap((vnode) => (vnode.type === 'file' ? (vnode.container ?? []) : []));
    });
    for (const container of containers) await stores.discard(container);
    return null;
  }

  async take({ volume, objects, names }: Request<'restoreObjects'>): Promise<null> {
    const { vnodes, stores } = this.#options;
    if (!this.isUnfinished(volume)) fail('EINVAL', 'Nothing is being restored.');
    const contents = new Map();
    for (const { handle } of objects)
      if (handle !== undefined) contents.set(handle, (await stores.receive(handle)).contents);
    const steps = [
      ...objects.map((object) => ({ step: 'make', object }) as const),
      ...names.map((named) => ({ step: 'enter', ...named }) as const),
    ];
    await vnodes.database.transaction((writer) => {
      applyResolution({ vnodes, writer, contents }, { steps, versions: [], inconsistent: [] });
    });
    return null;
  }

  async takeLog({ volume, updates }: Request<'restoreLog'>): Promise<null> {
    const { vnodes, log } = this.#options;
    if (!this.isUnfinished(volume)) fail('EINVAL', 'Nothing is being restored.');
    await vnodes.database.transaction((writer) => {
      for (const update of updates) log.append(writer, volume, update);
    });
    return null;
  }

  async end({ volume, performed: last, concluded }: Request<'endRestore'>): Promise<null> {
    const { vnodes, log, performed } = this.#options;
    await vnodes.database.transaction((writer) => {
      vnodes.putVolume(writer, withOwnNumbers(vnodes, vnodes.volume(volume)));
      log.noteAllCounted(writer, volume);
      for (const storeId of last) performed.note(writer, volume, storeId);
      for (const storeId of concluded) log.noteConcluded(writer, volume, storeId);
      writer.remove(this.#unfinished, key(volume));
    });
    return null;
  }
}
