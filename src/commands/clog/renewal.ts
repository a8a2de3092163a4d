import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Token } from '../../ipc/clearToken.ts';
import { CodaError } from '../../ipc/errors.ts';
import { errorMessage, writeError } from '../../term/errorMessage.ts';
import { formatCtime } from '../../term/time.ts';
import type { Context } from '../context.ts';

/** Seconds before its end at which a token is renewed, at most; one that lives short is renewed after three quarters. */
const MOST_AHEAD = 7200;
/** Seconds between attempts. */
const [LEAST_WAIT, MOST_WAIT] = [1, 60];
/** Longest sleep in one piece; a timer holds no more, and a machine may have slept meanwhile. */
const LONGEST_SLEEP = 3600;

/** Failures that another attempt does not change. */
const lasting: ReadonlySet<string> = new Set([
  'wrong-password',
  'unknown-user',
  'unknown-realm',
  'password-source',
]);

export interface Renewal {
  /** The one to begin with. */
  readonly token: Token;
  /** Logs in again, and hands the token on. */
  readonly renew: () => Promise<Token>;
  readonly signal?: AbortSignal;
}

/**
 * Renews a token in time, for ever. Failures are reported, and it is tried again until the token ends, and after.
 * Resolves when the signal is given; rejects when there is no use in trying again.
 */
export async function renewForever(context: Context, { token, renew, signal }: Renewal): Promise<void> {
  const now = () => context.surroundings.now() / 1000;
  let present = token;
  let issued = now();
  let next = renewalTime(present, issued);
  while (!signal?.aborted) {
    if (!(await sleepUntil(next, now, signal))) return;
    try {
      present = await renew();
      issued = now();
      next = renewalTime(present, issued);
    } catch (error) {
      if (error instanceof CodaError && lasting.has(error.code)) throw error;
      const { ends } = present.clear;
      await writeError(context.terminal, errorMessage(error, 'clog'));
      const state = ends > now() ? `ends on ${formatCtime(ends)}` : 'has ended';
      context.terminal.err(`clog: the token was not renewed and ${state}; trying again\n`);
      next = now() + Math.min(MOST_WAIT, Math.max(LEAST_WAIT, (ends - now()) / 4));
    }
  }
}

/** @returns seconds since 1970 */
export function renewalTime({ clear: { ends } }: Token, issued: number): number {
  return Math.max(issued + LEAST_WAIT, ends - Math.min(MOST_AHEAD, (ends - issued) / 4));
}

/** @returns false if the signal was given */
async function sleepUntil(
  time: number,
  now: () => number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (let left = time - now(); left > 0; left = time - now()) {
    try {
      await delay(Math.min(left, LONGEST_SLEEP) * 1000, undefined, signal ? { signal } : {});
    } catch (error) {
      if (signal?.aborted) return false;
      throw error;
    }
  }
  return true;
}

/**
 * Runs a command with a shell while the token is renewed.
 * @returns the command's status; 128 and the number of the signal that ended it
 */
export async function runRenewing(
  context: Context,
  command: string,
  renewal: Omit<Renewal, 'signal'>,
): Promise<number> {
  const stop = new AbortController();
  const child = spawn('/bin/sh', ['-c', command], { stdio: 'inherit' });
  const release = passSignalsTo(child);
  const renewing = renewForever(context, { ...renewal, signal: stop.signal }).catch(
    async (error: unknown) => {
      // The command goes on: what it has begun may not need a token any more.
      await writeError(context.terminal, errorMessage(error, 'clog'));
      context.terminal.err('clog: the token is not renewed any more\n');
    },
  );
  try {
    return await statusOf(child);
  } finally {
    release();
    stop.abort();
    await renewing;
  }
}

/** ^C reaches the command by itself: it decides what comes of it. */
function passSignalsTo(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  const ignore = () => undefined;
  process.on('SIGTERM', pass).on('SIGHUP', pass).on('SIGINT', ignore);
  return () => void process.off('SIGTERM', pass).off('SIGHUP', pass).off('SIGINT', ignore);
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
