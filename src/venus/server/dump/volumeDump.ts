import { randomBytes } from 'node:crypto';
import { DumpWriter } from '../../../dump/dumpWriter.ts';
import {
  type DumpedPrincipal,
  ID_SIZE,
  type IndexEntry,
  type ObjectId,
  isDirectory,
} from '../../../dump/record.ts';
import { StateDigest } from '../../../dump/state.ts';
import { RefusedError } from '../../../ipc/errors.ts';
import type { Containers } from '../../store/containers.ts';
import type { Snapshot } from '../../store/database.ts';
import type { FileVnode, Vnode } from '../../tree/vnodes.ts';
import type { VolumeRecord } from '../../tree/volumeRecord.ts';
import { fail } from '../../fail.ts';
import type { BaseIndex } from './baseIndex.ts';
import { fileContents } from './fileContents.ts';
import { type VolumeTables, breathe, idOf, statusOf } from './volumeTables.ts';

export interface VolumeDumpOptions {
  readonly tables: VolumeTables;
  readonly containers: Containers;
  readonly snapshot: Snapshot;
  readonly volume: VolumeRecord;
  /** What an increment builds upon. */
  readonly base: BaseIndex | undefined;
  readonly realm: string;
  readonly server: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly principal: (id: number) => DumpedPrincipal | undefined;
}

/** Entries in one record. */
const [INDEX_AT_A_TIME, REMOVED_AT_A_TIME, PRINCIPALS_AT_A_TIME] = [2048, 8192, 512];
/** Objects looked at between two pauses for others. */
const OBJECTS_AT_A_TIME = 256;

/** What the index has found: whose turn comes after it, by vnode number. */
interface Plan {
  readonly directories: number[];
  readonly others: number[];
  readonly removed: ObjectId[];
  /** Owners, and ids in access lists. */
  readonly ids: Set<number>;
  /** Entries of directories that no object has as its name. */
  dangling: number;
  objects: bigint;
  bytes: bigint;
}

/** The stream of a dump: the volume as it was when the snapshot was taken. @throws RefusedError, VenusError EIO */
export async function* dumpVolume(options: VolumeDumpOptions): AsyncGenerator<Uint8Array> {
  const { volume, base, realm, server, now } = options;
  const id = new Uint8Array(randomBytes(ID_SIZE));
  const found = base?.finish();
  if (found) checkBase(found.header.volume, volume);
  const writer = new DumpWriter(id);
  const dumped = { ...volume, blocksUsed: BigInt(volume.blocksUsed) };
  const below = found && { id: found.id, state: found.state };
  yield* writer.header({ kind: 'header', id, created: now, realm, server, volume: dumped, base: below });
  const plan: Plan = {
    directories: [],
    others: [],
    removed: [],
    ids: new Set(),
    dangling: 0,
    objects: 0n,
    bytes: 0n,
  };
  yield* index(writer, options, plan);
  yield* principals(writer, options, plan);
  for (let at = 0; at < plan.removed.length; at += REMOVED_AT_A_TIME)
    yield writer.record({ kind: 'removed', objects: plan.removed.slice(at, at + REMOVED_AT_A_TIME) });
  yield* objects(writer, options, plan);
  yield writer.trailer();
}

/** A base of another volume would make an increment that removes all there is. */
function checkBase(base: { readonly id: number; readonly name: string }, volume: VolumeRecord): void {
  if (base.id === volume.id || base.name === volume.name) return;
  throw new RefusedError('bad-request', `the dump to build upon is of the volume ${base.name}`, {
    why: `An increment of ${volume.name} can only build upon a dump of ${volume.name}.`,
  });
}

async function* index(
  writer: DumpWriter,
  { tables, snapshot, volume, base }: VolumeDumpOptions,
  plan: Plan,
): AsyncGenerator<Uint8Array> {
  const state = new StateDigest();
  const changes = new Changes(base);
  let entries: IndexEntry[] = [];
  for (const { object, names, ...entry } of tables.index(volume.id, snapshot)) {
    entries.push(entry);
    state.add(entry);
    plan.objects += 1n;
    plan.dangling += (object.type === 'directory' ? object.entryCount : 0) - names.length;
    if (changes.isNew(entry, plan.removed)) note(plan, object);
    if (entries.length === INDEX_AT_A_TIME) {
      yield writer.record({ kind: 'index', entries });
      entries = [];
    }
    if (plan.objects % BigInt(OBJECTS_AT_A_TIME) === 0n) await breathe();
  }
  if (plan.dangling !== 0)
    fail('EIO', 'Entries of its directories stand for objects that this server has not.');
  changes.finish(plan.removed);
  if (entries.length > 0) yield writer.record({ kind: 'index', entries });
  yield writer.record({
    kind: 'index-end',
    objects: plan.objects,
    dumpedObjects: BigInt(plan.directories.length + plan.others.length),
    dumpedBytes: plan.bytes,
    state: state.finish(),
  });
}

function note(plan: Plan, object: Vnode): void {
  plan.ids.add(object.owner);
  if (object.type === 'directory') {
    for (const { id } of [...object.acl.positive, ...object.acl.negative]) plan.ids.add(id);
  }
  if (object.type === 'file') plan.bytes += BigInt(object.length);
  (isDirectory(object.fid) ? plan.directories : plan.others).push(object.fid.vnode);
}

/** Compares the objects that are here with those of the base; both come in the order of their numbers. */
class Changes {
  readonly #base: BaseIndex | undefined;
  #at = 0;

  constructor(base: BaseIndex | undefined) {
    this.#base = base;
  }

  /** Whether an object is not as it was. @param removed receives what is passed on the way */
  isNew({ vnode, unique, fingerprint }: IndexEntry, removed: ObjectId[]): boolean {
    let before = this.#base?.at(this.#at);
    for (; before && before.vnode < vnode; before = this.#base?.at(++this.#at)) removed.push(idOf(before));
    if (before?.vnode !== vnode) return true;
    this.#at += 1;
    if (before.unique !== unique) removed.push(idOf(before));
    return before.unique !== unique || Buffer.compare(before.fingerprint, fingerprint) !== 0;
  }

  finish(removed: ObjectId[]): void {
    for (let left = this.#base?.at(this.#at); left; left = this.#base?.at(++this.#at))
      removed.push(idOf(left));
  }
}

function* principals(
  writer: DumpWriter,
  { principal }: VolumeDumpOptions,
  { ids }: Plan,
): Generator<Uint8Array> {
  const known = [...ids].sort((a, b) => a - b).flatMap((id) => principal(id) ?? []);
  for (let at = 0; at < known.length; at += PRINCIPALS_AT_A_TIME)
    yield writer.record({ kind: 'principals', principals: known.slice(at, at + PRINCIPALS_AT_A_TIME) });
}

async function* objects(
  writer: DumpWriter,
  options: VolumeDumpOptions,
  { directories, others }: Plan,
): AsyncGenerator<Uint8Array> {
  const { tables, snapshot, volume } = options;
  let count = 0;
  for (const numbers of [directories, others]) {
    for (const number of numbers) {
      const vnode = tables.vnode(volume.id, number, snapshot) ?? fail('EIO', 'The snapshot has changed.');
      yield* writer.object(statusOf(vnode, tables.namesOf(vnode, snapshot)));
      if (vnode.type === 'file' && vnode.length > 0) yield* contents(writer, options, vnode);
      else if (++count % OBJECTS_AT_A_TIME === 0) await breathe();
    }
  }
}

async function* contents(
  writer: DumpWriter,
  { containers }: VolumeDumpOptions,
  { fid, container, length }: FileVnode,
): AsyncGenerator<Uint8Array> {
  const file = container === undefined ? undefined : await containers.open(container);
  if (!file) {
    const name = `${fid.vnode.toString(16)}.${fid.unique.toString(16)}`;
    return fail('EIO', `The contents of the file with the number ${name} are gone from the disk.`);
  }
  try {
    for await (const record of fileContents(file, idOf(fid), length)) yield writer.record(record);
  } finally {
    await file.close();
  }
}
