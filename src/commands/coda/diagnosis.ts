import { errnoText } from '../../ipc/errno.ts';
import type { LogReport } from '../../ipc/insight.ts';
import { shellWord } from '../../term/shellWord.ts';
import { formatDuration } from '../../term/time.ts';
import { ExitStatus } from '../exitStatus.ts';
import { type Finding, sentOf } from './finding.ts';

/** What is known of a log. What the venus in use does not tell is absent, and is not guessed. */
export type LogFacts = Pick<LogReport, 'name' | 'entries' | 'bytes'> &
  Partial<Omit<LogReport, 'name' | 'entries' | 'bytes' | 'conflict'>> & {
    readonly reachable: boolean;
    readonly conflict?: { readonly errno?: number; readonly why?: string | undefined };
  };

/** Who wants to know, and when. */
export interface Asker {
  readonly uid: number;
  readonly realm: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Why a log does not go out: one cause, the one that stands in front of the others; and then what else keeps people waiting. */
export function diagnose(facts: LogFacts, asker: Asker): readonly [Finding, ...Finding[]] {
  const cause = causeOf(facts, asker);
  return [cause, ...othersKeptOut(facts, asker, cause.next)];
}

function causeOf(facts: LogFacts, asker: Asker): Finding {
  const where = shellWord(facts.mount ?? '.');
  if (facts.conflict) return conflictOf(facts, where);
  if (facts.token !== undefined && facts.token !== 'valid' && facts.token !== 'not needed')
    return tokenOf(facts, asker);
  if (!facts.reachable) return unreachable(facts);
  if (facts.obstacle === 'quota') return quota(where);
  if (facts.obstacle === 'server full') return serverFull(facts, where);
  if (facts.obstacle === 'age') return tooYoung(facts, where, asker.now);
  if (facts.obstacle === 'fault') return fault;
  return facts.token === undefined ? unknownOwner(asker.realm) : sending(facts, where);
}

function conflictOf({ conflict, head }: LogFacts, where: string): Finding {
  const reason = conflict?.why ?? (conflict?.errno === undefined ? undefined : errnoText(conflict.errno));
  const what =
    head === undefined ? 'A change was refused' : `The servers refused: ${head.replace(/\s+/g, ' ')}`;
  return {
    cause: 'conflict',
    why: `${what}${reason === undefined ? '.' : ` (${reason})`} All changes behind it wait.`,
    next:
      conflict?.errno === undefined
        ? `cfs purgeml ${where}, which first makes a verified copy; then coda rescue ARCHIVE replay ${where}, which shows what differs`
        : `coda conflicts ${where}, which shows what each side did; then coda resolve --all --keep both, which keeps the versions of both`,
    status: ExitStatus.Conflict,
  };
}

function tokenOf({ token, owner, ownerName }: LogFacts, { uid, realm }: Asker): Finding {
  const whose = `its owner, uid ${owner} (${ownerName}),`;
  const login = `clog ${ownerName}@${realm}`;
  const found = {
    none: { cause: 'no-token', state: `${whose} has no token` },
    expired: { cause: 'token-expired', state: `the token of ${whose.replace(/,$/, '')} has expired` },
    'of another user': { cause: 'token-of-another-user', state: `${whose} has a token of another user now` },
  } as const;
  const { cause, state } = found[token === 'expired' || token === 'of another user' ? token : 'none'];
  return {
    cause,
    why: `It waits since ${state}. With one it goes out by itself.`,
    next: owner === undefined || owner === uid ? login : `CODA_UID=${owner} ${login}`,
    status: ExitStatus.NoToken,
  };
}

function unreachable({ servers }: LogFacts): Finding {
  const down = servers?.filter(({ reachable }) => !reachable).map(({ name }) => name) ?? [];
  const which =
    down.length === 0 ? 'Its servers' : `${down.length === 1 ? 'Server' : 'Servers'} ${down.join(', ')}`;
  return {
    cause: 'unreachable',
    why: `${which} cannot be reached. The changes are safe here, and go out by themselves later.`,
    next: 'cfs checkservers',
    status: ExitStatus.Unreachable,
  };
}

/** What is removed here waits behind the change that has no room, so it has to be removed elsewhere. */
function quota(where: string): Finding {
  return {
    cause: 'quota',
    why: 'The quota of the volume is used up on the server. It is tried again each minute, and as soon as the quota is raised; room that others make counts, too.',
    next: `cfs setquota ${where} BLOCKS (an administrator does it); cfs listvol ${where} shows how much there is`,
    status: ExitStatus.Failed,
  };
}

function serverFull({ servers = [] }: LogFacts, where: string): Finding {
  return {
    cause: 'server-full',
    why: `The disk of server ${servers.map(({ name }) => name).join(', ')} takes no more. It is tried again each minute.`,
    next: `Make room on that disk, then: cfs forcereintegrate ${where}`,
    status: ExitStatus.Failed,
  };
}

function tooYoung({ oldest, age = 0 }: LogFacts, where: string, now: number): Finding {
  const left = Math.max(0, ((oldest ?? now) + age * 1000 - now) / 1000);
  const old =
    oldest === undefined ? '' : ` The oldest is ${formatDuration(Math.max(0, now - oldest) / 1000)} old, and`;
  return {
    cause: 'write-disconnected',
    why: `It is write-disconnected: changes wait ${formatDuration(age)} before they go.${old || ' It'} goes by itself in ${formatDuration(left)}.`,
    next: `cfs forcereintegrate ${where} sends them now; cfs writereconnect ${where} lets each go at once from now on`,
    status: ExitStatus.Failed,
  };
}

const fault: Finding = {
  cause: 'fault',
  why: 'The servers failed while it was sent; it is tried again each second.',
  next: 'coda status',
  status: ExitStatus.Failed,
};

function unknownOwner(realm: string): Finding {
  return {
    cause: 'unknown',
    why: 'This venus does not say whose log it is. Most often its owner has no valid token.',
    next: `ctokens @${realm}`,
    status: ExitStatus.Failed,
  };
}

function sending({ progress }: LogFacts, where: string): Finding {
  const far = progress === undefined ? '' : `: ${sentOf(progress)}`;
  return {
    cause: 'sending',
    why: `It is being sent at this moment${far}.`,
    next: `coda pending --wait ${where}`,
    status: ExitStatus.Failed,
  };
}

/** A log keeps all but its owner from changing the volume. */
function othersKeptOut(
  { owner, ownerName, waiting = [] }: LogFacts,
  { uid }: Asker,
  next: string,
): readonly Finding[] {
  if (owner === undefined) return [];
  const found: Finding[] = [];
  if (owner !== uid)
    found.push({
      cause: 'other-owner',
      why: `The log belongs to uid ${owner} (${ownerName}), and you are uid ${uid}: until it is out, only uid ${owner} can change the volume.`,
      next,
      status: ExitStatus.Failed,
    });
  const others = waiting.filter((waiter) => waiter !== owner);
  if (others.length > 0)
    found.push({
      cause: 'writer-waits',
      why: `Uid ${others.join(', ')} ${others.length === 1 ? 'waits' : 'wait'} for it to be out, to change the volume.`,
      next,
      status: ExitStatus.Failed,
    });
  return found;
}
