import type { HeaderRecord, IndexEndRecord, ObjectId } from '../../../dump/record.ts';
import { RefusedError } from '../../../ipc/errors.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import type { Vnode } from '../../tree/vnodes.ts';
import { atOnce, checkBelowRoot, examine, impossible, recounted, slowly, stateOf } from './examine.ts';
import type { RestoredObject } from './restoredObject.ts';
import { type RestoreTarget, type TargetOptions, describedVolume, putObject } from './restoreTarget.ts';

/** A part of an increment, in its order. */
type Staged = { readonly removed: readonly ObjectId[] } | { readonly objects: readonly RestoredObject[] };

let lastStage = 0;

/**
 * An increment is collected first, and then put onto its volume in one transaction: clients see the volume as it was
 * or as it is to be, and so does a server that ends in the middle.
 */
export class VolumeIncrement implements RestoreTarget {
  readonly #options: TargetOptions;
  readonly #stage = ++lastStage;
  readonly #staged: Table<Staged>;
  #count = 0;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#staged = stagedParts(options.vnodes.database);
  }

  async begin(header: HeaderRecord): Promise<void> {
    const { tables, volume } = this.#options;
    checkBase(header, await slowly(stateOf(tables, volume)));
  }

  put(objects: readonly RestoredObject[]): Promise<void> {
    return this.#add({ objects });
  }

  remove(removed: readonly ObjectId[]): Promise<void> {
    return this.#add({ removed });
  }

  async finish(header: HeaderRecord, end: IndexEndRecord | undefined): Promise<readonly string[]> {
    const { vnodes, containers } = this.#options;
    const unused = await vnodes.database.transaction((writer) => this.#perform(writer, header, end));
    for (const container of unused) await containers.remove(container);
    await this.abandon();
    return [];
  }

  /** Forgets what is collected. */
  async abandon(): Promise<void> {
    const { database } = this.#options.vnodes;
    for (let part = 0; part < this.#count; part++)
      await database.transaction((writer) => writer.remove(this.#staged, key(this.#stage, part)));
    this.#count = 0;
  }

  async #add(part: Staged): Promise<void> {
    await this.#options.vnodes.database.transaction((writer) =>
      writer.put(this.#staged, key(this.#stage, this.#count++), part),
    );
  }

  *#parts(): Generator<Staged> {
    for (let part = 0; part < this.#count; part++)
      yield this.#staged.get(key(this.#stage, part)) ?? impossible('a part of it is gone');
  }

  /** @returns containers that no object names any more */
  #perform(writer: Writer, header: HeaderRecord, end: IndexEndRecord | undefined): readonly number[] {
    const { vnodes, tables, volume } = this.#options;
    checkBase(header, atOnce(stateOf(tables, volume)));
    // What the volume may hold is what it held when it was dumped.
    vnodes.putVolume(writer, { ...vnodes.volume(volume), maxQuota: 0 });
    const touched = new Set<number>();
    const unused: number[] = [];
    for (const part of this.#parts()) {
      if ('removed' in part) for (const id of part.removed) this.#remove(writer, id, touched, unused);
      else for (const { vnode } of part.objects) this.#replace(writer, vnode, touched, unused);
    }
    for (const part of this.#parts())
      if ('objects' in part) for (const object of part.objects) putObject(vnodes, writer, object);
    const found = atOnce(examine(tables, volume));
    if (found.missing.size > 0) impossible('objects are in directories that are not there');
    checkBelowRoot(found.directories);
    for (const number of touched) {
      const directory = tables.vnode(volume, number);
      if (directory?.type === 'directory') vnodes.put(writer, recounted(tables, directory));
    }
    if (!end || Buffer.compare(atOnce(stateOf(tables, volume)), end.state) !== 0)
      impossible('its objects are not those of its index');
    vnodes.putVolume(writer, describedVolume(vnodes.volume(volume), header, found));
    return unused;
  }

  #remove(writer: Writer, id: ObjectId, touched: Set<number>, unused: number[]): void {
    const { vnodes, volume } = this.#options;
    const present = vnodes.find({ volume, ...id }) ?? impossible('it removes what is not there');
    this.#takeNames(writer, present, touched);
    vnodes.remove(writer, present);
    if (present.type === 'file' && present.container !== undefined) unused.push(present.container);
  }

  /** Makes room for an object that comes anew. */
  #replace(writer: Writer, coming: Vnode, touched: Set<number>, unused: number[]): void {
    const { tables, volume } = this.#options;
    if (coming.type === 'directory') touched.add(coming.fid.vnode);
    if (coming.parent) touched.add(coming.parent.vnode);
    const present = tables.vnode(volume, coming.fid.vnode);
    if (!present) return;
    if (present.fid.unique !== coming.fid.unique) impossible('it replaces an object of another time');
    this.#takeNames(writer, present, touched);
    if (present.type === 'file' && present.container !== undefined) unused.push(present.container);
  }

  #takeNames(writer: Writer, present: Vnode, touched: Set<number>): void {
    const { vnodes, tables } = this.#options;
    if (!present.parent) return;
    touched.add(present.parent.vnode);
    for (const name of tables.namesOf(present)) vnodes.clearEntry(writer, present.parent, name, present.fid);
  }
}

function checkBase({ base, volume }: HeaderRecord, state: Uint8Array): void {
  if (base && Buffer.compare(base.state, state) === 0) return;
  throw new RefusedError('wrong-base', `the increment of ${volume.name} does not fit onto this volume`, {
    why: 'The volume is not in the state of the dump that the increment builds upon.',
    next: 'Restore that dump into a new volume, and the increments onto it in their order, before anybody changes it.',
  });
}

function stagedParts(database: Database): Table<Staged> {
  return database.table<Staged>('staged');
}

/** What a server that ended while it collected increments has left. */
export async function removeStaged(database: Database): Promise<void> {
  const staged = stagedParts(database);
  const keys = [...staged.all()].map(({ key: found }) => found);
  if (keys.length === 0) return;
  await database.transaction((writer) => {
    for (const found of keys) writer.remove(staged, found);
  });
}
