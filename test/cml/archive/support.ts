import fc from 'fast-check';
import type { ArchiveEntry, ArchiveFormat, ArchiveItem } from '../../../src/cml/archive/entry.ts';
import { ArchiveReader, type ReadOptions } from '../../../src/cml/archive/archiveReader.ts';
import { encodeArchive } from '../../../src/cml/archive/archiveWriter.ts';
import { ArchiveError } from '../../../src/cml/archive/errors.ts';
import { type ArchiveInput, streamInput } from '../../../src/cml/archive/input.ts';
import { decodeText } from '../../../src/ipc/text.ts';

/** An entry with the contents it has, for comparing. */
export interface Whole {
  readonly entry: ArchiveEntry;
  readonly contents?: string;
}

/** What an entry has besides its name and type. */
export type Facts = Pick<ArchiveEntry, 'mode' | 'uid' | 'gid' | 'modified'>;
export const noFacts: Facts = { mode: 0o644, uid: 501, gid: 65534, modified: 1_795_000_000_000 };

export function file(name: string, contents: string, facts = noFacts): Whole {
  return { entry: { type: 'file', name, ...facts, size: Buffer.byteLength(contents, 'latin1') }, contents };
}

export function itemsOf(all: readonly Whole[]): readonly ArchiveItem[] {
  return all.map(({ entry, contents = '' }) => {
    if (entry.type !== 'file') return { entry };
    const others = all.filter(
      (other) => other.entry.type === 'hardlink' && other.entry.target === entry.name,
    );
    const links = others.length + 1;
    return { entry, links, contents: [new Uint8Array(Buffer.from(contents, 'latin1'))] };
  });
}

export async function archiveOf(format: ArchiveFormat, entries: readonly Whole[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of encodeArchive(format, itemsOf(entries))) parts.push(bytes);
  return new Uint8Array(Buffer.concat(parts));
}

/** Bytes as they come from a pipe, in chunks of these sizes, over and over. */
export function chunked(bytes: Uint8Array, sizes: readonly number[]): ArchiveInput {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
      yield await Promise.resolve(bytes.subarray(at, at + size));
      at += size;
    }
  }
  return streamInput(chunks());
}

/** Bytes as they lie in a file. */
export function inMemory(bytes: Uint8Array): ArchiveInput {
  return {
    size: bytes.length,
    read: (into, position) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return Promise.resolve(part.length);
    },
  };
}

export async function readAll(input: ArchiveInput, options: ReadOptions = {}): Promise<Whole[]> {
  const found: Whole[] = [];
  await readInto(found, input, options);
  return found;
}

/** Reads until the end or the first error, which is thrown; what came before it stays in the list. */
export async function readInto(
  found: Whole[],
  input: ArchiveInput,
  options: ReadOptions = {},
): Promise<void> {
  const reader = await ArchiveReader.open(input, options);
  for (let read = await reader.next(); read; read = await reader.next()) {
    if (read.entry.type !== 'file') found.push({ entry: read.entry });
    else found.push({ entry: read.entry, contents: await contentsOrFault(reader, options) });
  }
}

/** Where reading goes on behind faults, those in contents count among them. */
async function contentsOrFault(reader: ArchiveReader, { onFault }: ReadOptions): Promise<string> {
  try {
    return await contentsOf(reader);
  } catch (error) {
    if (onFault === undefined || !(error instanceof ArchiveError)) throw error;
    onFault(error);
    return 'cut off';
  }
}

export async function contentsOf(reader: ArchiveReader): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const bytes of reader.contents()) parts.push(bytes);
  return Buffer.concat(parts).toString('latin1');
}

const part = fc
  .oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 12 }).map(decodeText) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
  )
  .map((text) => text.replace(/[/\0]/g, '_'))
  .filter((text) => text !== '.' && text !== '..' && text !== 'TRAILER!!!');

/** Names of files below a volume's root. */
export const relativeName = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));

const facts: fc.Arbitrary<Facts> = fc.record({
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o7777, 0),
  uid: fc.nat({ max: 0o777777 }),
  gid: fc.constant(65534),
  modified: fc.nat({ max: 0xffffffff }).map((seconds) => seconds * 1000),
});

const sizes = fc.constantFrom(0, 1, 3, 4, 511, 512, 513, 4096, 70_000);

/** Trees as every format holds them; hard links name a file that comes before them. */
export const anyEntries: fc.Arbitrary<readonly Whole[]> = fc
  .uniqueArray(relativeName, { maxLength: 12 })
  .chain((names) => fc.tuple(...names.map(anyEntry)))
  .map((entries) => entries.map((entry, at) => linked(entry, entries.slice(0, at))));

function anyEntry(name: string): fc.Arbitrary<Whole> {
  return fc.oneof(
    fc.tuple(facts, sizes, fc.nat()).map(([some, size, seed]) => file(name, patternOf(size, seed), some)),
    facts.map((some) => ({ entry: { type: 'directory', name, ...some } }) as const),
    fc
      .tuple(facts, relativeName)
      .map(([some, target]) => ({ entry: { type: 'symlink', name, ...some, target } }) as const),
    facts.map((some) => ({ entry: { type: 'hardlink', name, ...some, target: '' } }) as const),
  );
}

/** Gives a hard link the file before it that it is a name of; without one it becomes a directory. */
function linked(whole: Whole, before: readonly Whole[]): Whole {
  const { entry } = whole;
  if (entry.type !== 'hardlink') return whole;
  const target = before.findLast((other) => other.entry.type === 'file')?.entry.name;
  if (target !== undefined) return { entry: { ...entry, target } };
  const { name, mode, uid, gid, modified } = entry;
  return { entry: { type: 'directory', name, mode, uid, gid, modified } };
}

/** Bytes that differ from place to place. */
export function patternOf(size: number, seed: number): string {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return bytes.toString('latin1');
}
