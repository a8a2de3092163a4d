import { splitPath } from '../ipc/codaPath.ts';
import { type Advice, VenusError } from '../ipc/errors.ts';
import { shellWord } from '../term/shellWord.ts';

/** What is known of the token that a request was made with. */
export interface TokenState {
  readonly state: 'valid' | 'expired' | 'none' | 'unknown';
  readonly realm: string | undefined;
}

/** A modify log that holds something, as far as its venus tells. */
export interface UnsentLog {
  /** Of the volume. */
  readonly name: string;
  readonly entries: number;
  /** As `uid 1000 (jan)`. */
  readonly owner: string | undefined;
  /** Whether it is the caller's. */
  readonly isOwn: boolean;
  readonly reachable: boolean;
}

/** What is known about a failure besides its errno. */
export interface Circumstances extends TokenState {
  /** The path, as it was typed. */
  readonly about: string | undefined;
  /** What waits in the modify log of the volume. */
  readonly log?: UnsentLog | undefined;
}

/** An errno of venus with the reason and the next step, in the words of the path it is about. */
export function explain(error: unknown, circumstances: Circumstances): unknown {
  if (!(error instanceof VenusError) || error.why !== undefined) return error;
  return new VenusError(error.errno, adviceFor(error, circumstances));
}

function adviceFor(error: VenusError, { about: name = 'the object', log, ...token }: Circumstances): Advice {
  if (log) return logAdvice(error, name, log);
  switch (error.errnoName) {
    case 'EACCES':
      return permissionAdvice(name, token);
    case 'ENOENT':
      return {
        why: `There is nothing named ${name}, or it is in conflict (a conflict looks like a dangling link).`,
        next: `Look at the directory it should be in: cfs getfid ${shellWord(splitPath(name).directory)}`,
      };
    case 'ENOTDIR':
      return {
        why: `${name} is a file, or its path leads through one. Access lists belong to directories.`,
        next: `Name the directory it is in: ${splitPath(name).directory}`,
      };
    case 'ETIMEDOUT':
      return {
        why: 'The servers of this volume cannot be reached, or the directory has changes that are not on them yet.',
        next: 'See which servers are down: cfs checkservers',
      };
    case 'EAGAIN':
      return { why: 'The volume is busy with something else.', next: 'Try again in a moment.' };
    case 'EBUSY':
      return {
        why: `${name} has changes that are not on the servers yet.`,
        next: `Send them first: cfs listvol ${shellWord(name)} tells how many there are.`,
      };
    case 'EPERM':
      return { why: `${name} is not kept by any server: it is venus's own, or an expanded conflict.` };
    case 'ELOOP':
      return { why: `${name} leads through more than ten symbolic links, perhaps in a circle.` };
    case 'EROFS':
      return {
        why: `${name} lies in the Coda root, a backup or a single replica, none of which can be changed.`,
      };
    case 'EOPNOTSUPP':
      return {
        why: `${name} does not lie in a volume that can be changed, or this venus does not know the request.`,
        next: `See what kind of volume it is: cfs listvol -local ${shellWord(name)}`,
      };
    case 'EDQUOT':
      return {
        why: `The quota of the volume that ${name} lies in is used up.`,
        next: `See how much it has: cfs listvol ${shellWord(name)}`,
      };
    case 'ENOTCONN':
      return { why: 'You have no token.', next: 'Log in: clog USER@REALM' };
    case 'EVOLUME':
      return { why: 'No volume with this number is known in that realm.' };
    default:
      return {};
  }
}

/** The errnos that a log is behind, if there is something in it. */
export const logErrnos = ['EAGAIN', 'ETIMEDOUT', 'EBUSY'] as const;

function logAdvice(error: VenusError, name: string, log: UnsentLog): Advice {
  const whose = log.owner === undefined ? '' : ` of ${log.owner}`;
  const changes = log.entries === 1 ? `1 change${whose} that is` : `${log.entries} changes${whose} that are`;
  const has = `The modify log of the volume ${log.name} has ${changes} not on the servers yet`;
  const doctor = `See what holds them up: coda doctor ${shellWord(name)}`;
  if (!log.reachable)
    return {
      why: `The servers of the volume cannot be reached. ${has}.`,
      next: 'See which servers are down: cfs checkservers',
    };
  const until = error.is('EAGAIN')
    ? log.isOwn
      ? 'it is so long that changes wait until it is shorter (cfs zonelimit)'
      : 'until they are, nobody else can change the volume'
    : 'until they are, the access lists of what they are about can be neither read nor set';
  return { why: `${has}: ${until}.`, next: doctor };
}

function permissionAdvice(name: string, { state, realm }: TokenState): Advice {
  if (state === 'none') {
    return {
      why: `You have no token for ${realm}, so you act as System:AnyUser.`,
      next: `Log in: clog USER@${realm}`,
    };
  }
  if (state === 'expired') {
    return { why: `Your token for ${realm} has expired.`, next: `Log in again: clog USER@${realm}` };
  }
  return {
    why: `The access list does not give you the right to do this at ${name}.`,
    next: `See who may: cfs listacl ${shellWord(splitPath(name).directory)}`,
  };
}
