import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { Database } from '../../store/database.ts';
import type { CacheManager } from '../cacheManager.ts';
import { logFault } from '../../log.ts';
import { Repair } from './repair.ts';
import { RepairStore, type StoredRepair } from './repairStore.ts';
import { recordsBelow } from './subtree.ts';
import { removeWorkspace, workspaceIn } from './workspace.ts';

/** The repair sessions of a client: each object has one at most, and shows expanded while it has. */
export class Repairs {
  readonly #client: CacheManager;
  readonly #store: RepairStore;
  readonly #open = new Map<string, Repair>();

  constructor(client: CacheManager, database: Database) {
    this.#client = client;
    this.#store = new RepairStore(database);
    for (const stored of this.#store.all()) this.#add(stored);
  }

  /** The session of an object. */
  of(fid: Fid): Repair | undefined {
    return this.#open.get(formatFid(fid));
  }

  /** One of those in a volume. */
  inVolume(volume: number): Repair | undefined {
    for (const repair of this.#open.values()) if (repair.fid.volume === volume) return repair;
    return undefined;
  }

  withId(id: number): Repair | undefined {
    for (const repair of this.#open.values()) if (repair.id === id) return repair;
    return undefined;
  }

  /**
   * Begins a session for an object in conflict, or finds the one there is.
   * @throws VenusError EINVAL if it is not in conflict, EACCES if the log is another user's, EINPROGRESS if something
   * above or below it is under repair
   */
  async begin(fid: Fid, uid: number): Promise<{ readonly repair: Repair; readonly isResumed: boolean }> {
    const present = this.of(fid);
    if (present) {
      this.#checkOwner(present.uid, uid);
      return { repair: present, isResumed: true };
    }
    const { tree } = this.#client;
    const records = recordsBelow(tree, fid);
    if (!records.some(({ conflict }) => conflict)) fail('EINVAL', 'It is not in conflict.');
    const { owner = uid } = tree.logs.state(fid.volume);
    this.#checkOwner(owner, uid);
    const sequences = new Set(records.map(({ sequence }) => sequence));
    for (const other of this.#open.values())
      if (recordsBelow(tree, other.fid).some(({ sequence }) => sequences.has(sequence)))
        fail('EINPROGRESS', `${tree.pathTo(other.fid)} is under repair, which shares changes with it.`);
    const stored = { id: this.#store.nextId(), fid, uid, isSent: false };
    // Venus may have been killed before the workspace of an earlier session by this number was removed.
    await removeWorkspace(workspaceIn(this.#client.directory, stored.id));
    await this.#store.put(stored);
    return { repair: this.#add(stored), isResumed: false };
  }

  /** Others have changed something that servers promised to tell about. */
  noticeChanges(): void {
    for (const repair of this.#open.values())
      repair.noticeChanges().catch((error: unknown) => logFault('repair', error));
  }

  async close(): Promise<void> {
    for (const repair of this.#open.values()) await repair.close();
  }

  #checkOwner(owner: number, uid: number): void {
    if (owner !== uid) fail('EACCES', `The modify log belongs to uid ${owner}.`);
  }

  #add(stored: StoredRepair): Repair {
    const text = formatFid(stored.fid);
    const repair = new Repair(this.#client, this.#store, stored, () => this.#open.delete(text));
    this.#open.set(text, repair);
    return repair;
  }
}
