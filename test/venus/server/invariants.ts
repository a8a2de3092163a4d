/** What must hold between the tables of a file server and its containers, whatever was done to it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Fid } from '../../../src/ipc/fid.ts';
import type { Entry, Vnode } from '../../../src/venus/tree/vnodes.ts';
import type { VolumeRecord } from '../../../src/venus/tree/volumeRecord.ts';
import type { Database } from '../../../src/venus/store/database.ts';

interface Named extends Entry {
  readonly volume: number;
  readonly directory: number;
  /** As hexadecimal digits. */
  readonly name: string;
}

/** @returns what does not hold; nothing if all is well */
export function findProblems(metadata: Database, containersDirectory: string): readonly string[] {
  const volumes = [...metadata.table<VolumeRecord>('volumes').all()].map(({ value }) => value);
  const vnodes = new Map(
    [...metadata.table<Vnode>('vnodes').all()].map(({ value }) => [idOf(value.fid), value]),
  );
  const entries = [...metadata.table<Entry>('entries').all()].map(({ key, value }) => {
    const [volume = 0, directory = 0] = numbersIn(key, 2);
    return { ...value, volume, directory, name: hex(key.subarray(8)) };
  });
  const names = [...metadata.table<true>('names').all()].map(({ key }) => hex(key));
  return [
    ...entries.flatMap((entry) => problemsOfEntry(entry, vnodes)),
    ...[...vnodes.values()].flatMap((vnode) => problemsOfVnode(vnode, entries)),
    ...volumes.flatMap((volume) => problemsOfVolume(volume, [...vnodes.values()], entries)),
    ...difference('names', names, entries.map(mirrored)),
    ...difference('containers', containersOnDisk(containersDirectory), containersNamed([...vnodes.values()])),
  ];
}

function problemsOfEntry(entry: Named, vnodes: ReadonlyMap<string, Vnode>): readonly string[] {
  const vnode = vnodes.get(idOf(entry));
  const directory = vnodes.get(idOf({ volume: entry.volume, vnode: entry.directory }));
  return [
    ...unless(vnode !== undefined, `entry ${entry.name} leads nowhere`),
    ...unless(vnode?.fid.unique === entry.unique, `entry ${entry.name} has another unique than its vnode`),
    ...unless(vnode?.type === entry.type, `entry ${entry.name} has another type than its vnode`),
    ...unless(vnode?.parent?.vnode === entry.directory, `entry ${entry.name} is not in the vnode's parent`),
    ...unless(directory?.type === 'directory', `entry ${entry.name} is in no directory`),
  ];
}

function problemsOfVnode(vnode: Vnode, entries: readonly Named[]): readonly string[] {
  const id = idOf(vnode.fid);
  const own = entries.filter((entry) => idOf(entry) === id);
  const isRoot = vnode.fid.vnode === 1;
  if (vnode.type !== 'directory')
    return unless(
      own.length === vnode.linkCount,
      `${id} has ${vnode.linkCount} links, ${own.length} entries`,
    );
  const content = entries.filter(({ volume, directory }) => idOf({ volume, vnode: directory }) === id);
  const subdirectories = content.filter(({ type }) => type === 'directory').length;
  const units = content.reduce((sum, { name }) => sum + Math.ceil((13 + name.length / 2) / 32), 0);
  return [
    ...unless(own.length === (isRoot ? 0 : 1), `directory ${id} has ${own.length} entries`),
    ...unless(vnode.linkCount === 2 + subdirectories, `directory ${id} has a wrong link count`),
    ...unless(vnode.entryCount === content.length, `directory ${id} counts ${vnode.entryCount} entries`),
    ...unless(
      vnode.nameUnits === units,
      `directory ${id} has names of ${vnode.nameUnits}, not ${units} units`,
    ),
    ...unless(vnode.fid.vnode % 2 === 1, `directory ${id} has an even vnode`),
  ];
}

function problemsOfVolume(
  volume: VolumeRecord,
  all: readonly Vnode[],
  entries: readonly Named[],
): readonly string[] {
  const vnodes = all.filter(({ fid }) => fid.volume === volume.id);
  const blocks = vnodes.reduce((sum, vnode) => sum + blocksOf(vnode), 0);
  const reached = reachable(volume.id, entries);
  const lost = vnodes.filter(({ fid }) => !reached.has(fid.vnode));
  return [
    ...unless(
      blocks === volume.blocksUsed,
      `volume ${volume.name} counts ${volume.blocksUsed} blocks, has ${blocks}`,
    ),
    ...unless(
      lost.length === 0,
      `volume ${volume.name} has ${lost.length} objects without a way from its root`,
    ),
    ...unless(
      vnodes.every(({ fid }) => !isOwn(volume, fid.unique) || fid.unique < volume.nextUnique),
      `volume ${volume.name} would give a unique again`,
    ),
  ];
}

/** Each server of a volume gives numbers of its own. */
function isOwn({ members = [], site = 0 }: Partial<VolumeRecord>, unique: number): boolean {
  return members.length < 2 || Math.floor(unique / 0x1fff_e000) === site;
}

function reachable(volume: number, entries: readonly Named[]): ReadonlySet<number> {
  const reached = new Set([1]);
  for (const vnode of reached) {
    for (const entry of entries)
      if (entry.volume === volume && entry.directory === vnode) reached.add(entry.vnode);
  }
  return reached;
}

/** In units of 1 KiB, from what is stored. */
function blocksOf(vnode: Vnode): number {
  if (vnode.type === 'directory') return Math.ceil((13 + vnode.nameUnits) / 64) * 2;
  return Math.ceil((vnode.type === 'file' ? vnode.length : vnode.target.length) / 1024);
}

/** Containers and their sizes. */
function containersNamed(vnodes: readonly Vnode[]): readonly string[] {
  return vnodes.flatMap((vnode) =>
    vnode.type === 'file' && vnode.container !== undefined
      ? [`${vnode.container.toString(16).padStart(8, '0')} of ${vnode.length}`]
      : [],
  );
}

function containersOnDisk(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => `${name} of ${statSync(join(parentPath, name)).size}`);
}

function mirrored({ volume, vnode, directory, name }: Named): string {
  return [volume, vnode, directory].map((part) => part.toString(16).padStart(8, '0')).join('') + name;
}

function difference(what: string, some: readonly string[], others: readonly string[]): readonly string[] {
  const [one, other] = [new Set(some), new Set(others)];
  return [
    ...some.filter((item) => !other.has(item)).map((item) => `${what}: ${item} is too much`),
    ...others.filter((item) => !one.has(item)).map((item) => `${what}: ${item} is missing`),
  ];
}

function unless(holds: boolean, problem: string): readonly string[] {
  return holds ? [] : [problem];
}

function idOf({ volume, vnode }: Pick<Fid, 'volume' | 'vnode'>): string {
  return `${volume.toString(16)}.${vnode.toString(16)}`;
}

function numbersIn(key: Uint8Array, count: number): readonly number[] {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return Array.from({ length: count }, (_, at) => view.getUint32(at * 4));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
