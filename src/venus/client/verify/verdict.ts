/** Which replicas of an object are to be made anew from others. Nothing here asks anybody. */
import { type VersionVector, compareVectors } from '../../../ipc/versionVector.ts';
import { isInconsistent } from '../../tree/version.ts';
import { type PresentSide, lacksHoles, majorityOf } from './differences.ts';

/** One replica, as far as a judgement needs it. */
export interface JudgedSide {
  readonly server: string;
  readonly versionVector: VersionVector;
  /** The same where the replicas are the same; none where what is there cannot be read. */
  readonly signature: string | undefined;
  /** Bytes that a file takes on the disk, and its length. */
  readonly room?: { readonly allocated: number; readonly length: number };
  /** Of a directory: servers that lack a name which is here. */
  readonly beyond?: ReadonlySet<string>;
}

export type Verdict =
  | { readonly kind: 'equal' }
  /** What these servers have is to be thrown away for what the others have. */
  | { readonly kind: 'renew'; readonly servers: readonly string[] }
  /** A person has to decide. */
  | { readonly kind: 'left'; readonly why: string };

/** Finds the replicas that are damaged or behind, where it is beyond doubt which are right. */
export function judge(sides: readonly JudgedSide[]): Verdict {
  if (sides.some(isInconsistent)) return left('It is in conflict: coda resolve, or repair.');
  const newest = sides.filter((side) => !sides.some((other) => order(side, other) === 'dominated'));
  if (newest.some((side) => newest.some((other) => order(side, other) !== 'equal')))
    return left('Its versions are concurrent, and the resolution could not settle that.');
  const readable = newest.filter(({ signature }) => signature !== undefined);
  const signatures = readable.map(({ signature = '' }) => signature);
  if (signatures.length === 0) return left('No server with its newest version can read it.');
  const isSame = signatures.every((signature) => signature === signatures[0]);
  const right = isSame ? signatures[0] : majorityOf(signatures);
  if (right === undefined)
    return left(`The replicas at ${listOf(readable)} differ, and nothing tells which is right.`);
  const good = readable.filter(({ signature }) => signature === right);
  const behind = sides.filter((side) => !good.includes(side));
  const fuller = behind.find(({ beyond }) => good.some(({ server }) => beyond?.has(server)));
  if (fuller)
    return left(
      `${fuller.server} has names that the others lack, or other objects by them; nothing is thrown away.`,
    );
  const renewed = [...behind, ...(behind.length === 0 ? withoutHoles(good) : [])];
  return renewed.length === 0
    ? { kind: 'equal' }
    : { kind: 'renew', servers: renewed.map(({ server }) => server) };
}

/** A file or link as it is judged. */
export function judgedObject({ server, status, acl, contents }: PresentSide): JudgedSide {
  const { type, owner, mode, linkCount, length, target, modified, versionVector } = status;
  const own = type === 'directory' ? [] : [length, target, modified];
  const isRead = contents?.kind !== 'lost';
  const digests = contents?.kind === 'read' ? contents.digests : [];
  return {
    server,
    versionVector,
    signature: isRead ? JSON.stringify([type, owner, mode, linkCount, acl, ...own, digests]) : undefined,
    ...(contents?.kind === 'read' ? { room: { allocated: contents.allocated, length } } : {}),
  };
}

function withoutHoles(sides: readonly JudgedSide[]): readonly JudgedSide[] {
  const least = Math.min(...sides.map(({ room }) => room?.allocated ?? 0));
  return sides.filter(({ room }) => room && lacksHoles(room.allocated, least, room.length));
}

function order(one: JudgedSide, other: JudgedSide) {
  return compareVectors(one.versionVector, other.versionVector);
}

function left(why: string): Verdict {
  return { kind: 'left', why };
}

function listOf(sides: readonly JudgedSide[]): string {
  return sides.map(({ server }) => server).join(' and ');
}
