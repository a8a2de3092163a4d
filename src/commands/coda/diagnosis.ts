import { errnoText } from '../../ipc/errno.ts';
import type { LogReport } from '../../ipc/insight.ts';
import { formatDuration } from '../../term/time.ts';
import { ExitStatus } from '../exitStatus.ts';

/** What is known of a log. What the venus in use does not tell is absent, and is not guessed. */
export type LogFacts = Pick<LogReport, 'name' | 'entries' | 'bytes'> &
  Partial<Omit<LogReport, 'name' | 'entries' | 'bytes' | 'conflict'>> & {
    readonly reachable: boolean;
    readonly conflict?: { readonly errno?: number; readonly why?: string | undefined };
  };

/** Why a log does not go out, and the command that comes next. */
export interface Diagnosis {
  readonly cause: 'conflict' | 'token' | 'unreachable' | 'age' | 'sending' | 'fault' | 'unknown';
  readonly why: string;
  readonly next: string;
  /** For `--exit-code`. */
  readonly status: ExitStatus;
}

/**
 * Says why a log does not go out, one cause, the one that stands in front of the others.
 * @param now milliseconds since 1970
 */
export function diagnose(facts: LogFacts, realm: string, now: number): Diagnosis {
  const where = facts.mount ?? '.';
  if (facts.conflict) return conflictOf(facts, where);
  if (facts.token !== undefined && facts.token !== 'valid' && facts.token !== 'not needed')
    return tokenOf(facts, realm);
  if (!facts.reachable) {
    const down = facts.servers?.filter(({ reachable }) => !reachable).map(({ name }) => name) ?? [];
    const which =
      down.length === 0 ? 'Its servers' : `${down.length === 1 ? 'Server' : 'Servers'} ${down.join(', ')}`;
    const why = `${which} cannot be reached. The changes are safe here, and go out by themselves later.`;
    return { cause: 'unreachable', why, next: 'cfs checkservers', status: ExitStatus.Unreachable };
  }
  if (facts.obstacle === 'age') {
    const left = ((facts.oldest ?? now) + (facts.age ?? 0) * 1000 - now) / 1000;
    const why = `It is write-disconnected: changes wait ${formatDuration(facts.age ?? 0)} before they go, these ${formatDuration(Math.max(0, left))} more.`;
    return { cause: 'age', why, next: `cfs forcereintegrate ${where}`, status: ExitStatus.Failed };
  }
  if (facts.obstacle === 'fault')
    return {
      cause: 'fault',
      why: 'The servers failed while it was sent; it is tried again each second.',
      next: 'coda status',
      status: ExitStatus.Failed,
    };
  if (facts.token === undefined)
    return {
      cause: 'unknown',
      why: 'This venus does not say whose log it is. Most often its owner has no valid token.',
      next: `ctokens @${realm}`,
      status: ExitStatus.Failed,
    };
  return {
    cause: 'sending',
    why: 'It is being sent at this moment.',
    next: `coda pending --wait ${where}`,
    status: ExitStatus.Failed,
  };
}

function conflictOf({ conflict, head }: LogFacts, where: string): Diagnosis {
  const reason = conflict?.why ?? (conflict?.errno === undefined ? undefined : errnoText(conflict.errno));
  const what =
    head === undefined ? 'A change was refused' : `The servers refused: ${head.replace(/\s+/g, ' ')}`;
  return {
    cause: 'conflict',
    why: `${what}${reason === undefined ? '.' : ` (${reason})`} All changes behind it wait.`,
    next: `cfs listlocal ${where}`,
    status: ExitStatus.Conflict,
  };
}

function tokenOf({ token, owner, ownerName }: LogFacts, realm: string): Diagnosis {
  const whose = `its owner, uid ${owner} (${ownerName}),`;
  const state = {
    none: `${whose} has no token`,
    expired: `the token of ${whose} has expired`,
    'of another user': `${whose} has a token of another user now`,
  }[token === 'expired' || token === 'of another user' ? token : 'none'];
  return {
    cause: 'token',
    why: `It waits since ${state.replace(/,$/, '')}. With one it goes out by itself.`,
    next: `clog ${ownerName}@${realm}`,
    status: ExitStatus.NoToken,
  };
}
