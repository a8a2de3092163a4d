/** What several servers have of one object, and in what that differs. Nothing here asks anybody. */
import { errnoName } from '../../../ipc/errno.ts';
import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { type VersionVector, compareVectors, formatVersionVector } from '../../../ipc/versionVector.ts';
import type { Difference, DifferenceKind } from '../../../ipc/verify.ts';
import type { EntryRecord, ObjectStatus } from '../../net/fileProtocol.ts';
import { isInconsistent } from '../../tree/version.ts';
import { sameFid } from '../../tree/vnodes.ts';

/** The contents of a file at one server. */
export type Contents =
  | {
      readonly kind: 'read';
      /** SHA-256 of each stretch, in order. */
      readonly digests: readonly string[];
      /** Bytes on the server's disk. */
      readonly allocated: number;
    }
  | { readonly kind: 'lost'; readonly errno: number };

/** What one server has of an object. */
export type Side = { readonly server: string } & (
  | {
      readonly kind: 'object';
      readonly status: ObjectStatus;
      readonly acl: string | undefined;
      /** Of a file; none where they were not looked at. */
      readonly contents: Contents | undefined;
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly errno: number }
);
export type PresentSide = Extract<Side, { kind: 'object' }>;

/** What one server has by a name in a directory: nothing, or an entry. */
export interface NamedSide {
  readonly server: string;
  readonly entry: EntryRecord | undefined;
}

/** A difference, apart from where it is. */
export type Finding = Omit<Difference, 'path' | 'fid'>;

interface Valued {
  readonly server: string;
  readonly value: string;
}

/** Bytes of contents that have a digest of their own. */
export const STRETCH = 64 * 1024 * 1024;
/** The room that a file takes may differ by as much, and a hundredth of its length, by the file system's own book-keeping. */
const LOOSE_ROOM = 1024 * 1024;

export function presentIn(sides: readonly Side[]): readonly PresentSide[] {
  return sides.filter((side) => side.kind === 'object');
}

/** In what the replicas of an object differ. A server that refuses to tell is left out. */
export function differencesOf(sides: readonly Side[]): readonly Finding[] {
  const present = presentIn(sides);
  const [first] = present;
  if (!first) return [];
  const types = byValue('type', present, ({ status }) => status.type);
  if (types.length > 0) return types;
  const { type } = first.status;
  const found = [
    ...conflictIn(present),
    ...versionsIn(present),
    ...byValue('owner', present, ownerOf),
    ...byValue('mode', present, ({ status }) => status.mode.toString(8).padStart(4, '0')),
    ...byValue('links', present, ({ status }) => String(status.linkCount)),
    ...byValue('acl', present, ({ acl }) => acl ?? ''),
    ...byValue('target', present, ({ status }) => status.target ?? ''),
    ...(type === 'file' ? contentsIn(present) : []),
    // What changes a directory does so at each server by itself.
    ...(type === 'directory' ? [] : byValue('modified', present, modifiedOf)),
  ];
  return found.map((finding) => ({ ...finding, type }));
}

/** In what the servers differ by a name in a directory. */
export function nameDifferences(sides: readonly NamedSide[]): readonly (Finding & { readonly fid: Fid })[] {
  const entries = sides.flatMap(({ entry }) => entry ?? []);
  const [first] = entries;
  if (!first) return [];
  const found: (Finding & { readonly fid: Fid })[] = [];
  const about = { fid: first.fid, type: first.type };
  const lacking = sides.flatMap(({ server, entry }) => (entry ? [] : [server]));
  if (lacking.length > 0)
    found.push({
      ...about,
      kind: 'missing',
      servers: sides.map(({ server }) => ({ name: server })),
      lacking,
    });
  if (entries.some(({ fid }) => !sameFid(fid, first.fid))) {
    const values = sides.flatMap(({ server, entry }) =>
      entry ? [{ server, value: formatFid(entry.fid) }] : [],
    );
    found.push({ ...about, ...compared('other object', values) });
  }
  return found;
}

/** An object that a name stands for at some servers where it is not. */
export function lostObject(sides: readonly Side[], named: readonly string[]): readonly Finding[] {
  const lacking = sides.filter(({ kind, server }) => kind === 'gone' && named.includes(server));
  const [present] = presentIn(sides);
  if (lacking.length === 0) return [];
  return [
    {
      ...(present ? { type: present.status.type } : {}),
      kind: 'lost object',
      servers: sides.map(({ server }) => ({ name: server })),
      lacking: lacking.map(({ server }) => server),
    },
  ];
}

/** Whether a file takes so much more room than its replica that it lacks holes which that one has. */
export function lacksHoles(allocated: number, least: number, length: number): boolean {
  return allocated - least > LOOSE_ROOM + length / 100;
}

function conflictIn(present: readonly PresentSide[]): readonly Finding[] {
  const marked = present.filter(({ status }) => isInconsistent(status)).map(({ server }) => server);
  if (marked.length === 0) return [];
  return [{ kind: 'conflict', servers: present.map(({ server }) => ({ name: server })), lacking: marked }];
}

function versionsIn(present: readonly PresentSide[]): readonly Finding[] {
  const vectorOf = ({ status }: PresentSide): VersionVector => status.versionVector;
  const texts = new Set(present.map((side) => formatVersionVector({ ...vectorOf(side), flags: 0 })));
  if (texts.size < 2) return [];
  const isBehind = (side: PresentSide) =>
    present.some((other) => compareVectors(vectorOf(side), vectorOf(other)) === 'dominated');
  const newest = present.filter((side) => !isBehind(side));
  const isTold = newest.every((side) => newest.every((other) => areEqual(vectorOf(side), vectorOf(other))));
  return [
    {
      kind: 'version',
      servers: present.map((side) => ({ name: side.server, value: formatVersionVector(vectorOf(side)) })),
      lacking: isTold ? present.filter(isBehind).map(({ server }) => server) : [],
    },
  ];
}

function areEqual(one: VersionVector, other: VersionVector): boolean {
  return compareVectors(one, other) === 'equal';
}

function contentsIn(present: readonly PresentSide[]): readonly Finding[] {
  const lost = present.flatMap(({ server, contents }) =>
    contents?.kind === 'lost' ? [{ server, errno: contents.errno }] : [],
  );
  const found: Finding[] = [];
  if (lost.length > 0)
    found.push({
      kind: 'unreadable',
      servers: lost.map(({ server, errno }) => ({ name: server, value: errnoName(errno) })),
      lacking: lost.map(({ server }) => server),
    });
  const lengths = byValue('length', present, ({ status }) => String(status.length));
  if (lengths.length > 0) return [...found, ...lengths];
  const read = present.flatMap(({ server, contents, status }) =>
    contents?.kind === 'read' ? [{ server, ...contents, length: status.length }] : [],
  );
  const digests = compared(
    'contents',
    read.map(({ server, digests: each }) => ({ server, value: each.join(' ') })),
  );
  if (isDifferent(digests)) found.push({ ...digests, ...stretchOf(read) });
  else found.push(...holesIn(read));
  return found;
}

interface ReadContents {
  readonly server: string;
  readonly digests: readonly string[];
  readonly allocated: number;
  readonly length: number;
}

function stretchOf(read: readonly ReadContents[]): Pick<Finding, 'stretch'> {
  const [first] = read;
  const at = first?.digests.findIndex((digest, place) =>
    read.some(({ digests }) => digests[place] !== digest),
  );
  if (!first || at === undefined || at < 0) return {};
  return { stretch: { from: at * STRETCH, to: Math.min((at + 1) * STRETCH, first.length) } };
}

function holesIn(read: readonly ReadContents[]): readonly Finding[] {
  const least = Math.min(...read.map(({ allocated }) => allocated));
  const lacking = read.filter(({ allocated, length }) => lacksHoles(allocated, least, length));
  if (lacking.length === 0) return [];
  return [
    {
      kind: 'holes',
      servers: read.map(({ server, allocated }) => ({ name: server, value: String(allocated) })),
      lacking: lacking.map(({ server }) => server),
    },
  ];
}

function ownerOf({ status: { owner, ownerName } }: PresentSide): string {
  return ownerName === String(owner) ? ownerName : `${ownerName} (${owner})`;
}

function modifiedOf({ status }: PresentSide): string {
  return new Date(status.modified).toISOString();
}

function byValue(
  kind: DifferenceKind,
  present: readonly PresentSide[],
  valueOf: (side: PresentSide) => string,
): readonly Finding[] {
  const finding = compared(
    kind,
    present.map((side) => ({ server: side.server, value: valueOf(side) })),
  );
  return isDifferent(finding) ? [finding] : [];
}

function isDifferent({ servers }: Finding): boolean {
  return new Set(servers.map(({ value }) => value)).size > 1;
}

/** Those that have not what most have lack it; where there is no majority, nobody can tell. */
function compared(kind: DifferenceKind, values: readonly Valued[]): Finding {
  const usual = majorityOf(values.map(({ value }) => value));
  return {
    kind,
    servers: values.map(({ server, value }) => ({ name: server, value })),
    lacking:
      usual === undefined ? [] : values.filter(({ value }) => value !== usual).map(({ server }) => server),
  };
}

/** What more than half of them are, and at least two. */
export function majorityOf(values: readonly string[]): string | undefined {
  return values.find((value) => {
    const count = values.filter((other) => other === value).length;
    return count > 1 && count * 2 > values.length;
  });
}
