/** A process that goes on in the background, and tells the one that started it when it is ready, or why it is not. */
import type { ChildProcess } from 'node:child_process';
import { CodaError, ConfigurationError } from '../../ipc/errors.ts';

/** What the process tells, once. */
export type Report<Ready> = { readonly ready: Ready } | { readonly failed: Failure };

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly why?: string;
  readonly next?: string;
}

/** What is started, for messages: `venus`, and where it says more. */
export interface Started {
  readonly what: string;
  readonly log: string;
}

/** It could not be started. Its code is that of the reason. */
export class StartError extends CodaError {
  readonly code: string;

  constructor({ code, message, ...advice }: Failure) {
    super(message, advice);
    this.code = code;
  }
}

/** The program that this process runs. */
export function ownProgram(): string {
  const [, program] = process.argv;
  if (program === undefined) throw new ConfigurationError('coda: started in an unknown way');
  return program;
}

export function asFailure(error: unknown, started: Started): Failure {
  if (!(error instanceof CodaError)) return startFailure(String(error), started);
  const { code, message, why, next } = error;
  return { code, message, ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) };
}

export function tellParent(report: Report<object>): void {
  process.send?.(report, () => process.disconnect());
}

/**
 * Waits for the report of a process; one that does not send it in time is ended.
 * @throws StartError
 */
export async function readyOf<Ready>(
  child: ChildProcess,
  timeLimit: number,
  started: Started,
  isReady: (message: unknown) => message is Ready,
): Promise<Ready> {
  const message = await messageOf(child, timeLimit, started);
  if (typeof message === 'object' && message !== null) {
    if ('failed' in message && isFailure(message.failed)) throw new StartError(message.failed);
    if ('ready' in message && isReady(message.ready)) return message.ready;
  }
  throw new StartError(startFailure(`${started.what} started in an unknown way`, started));
}

function messageOf(child: ChildProcess, timeLimit: number, started: Started): Promise<unknown> {
  const { what } = started;
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => {
      child.kill();
      reject(new StartError(startFailure(`${what} did not start within ${timeLimit / 1000} s`, started)));
    }, timeLimit);
    const settle = () => clearTimeout(giveUp);
    child.once('message', (message) => {
      settle();
      resolve(message);
    });
    child.once('exit', (code, signal) => {
      settle();
      const how = signal ?? `status ${code}`;
      reject(new StartError(startFailure(`${what} ended while it started (${how})`, started)));
    });
    child.once('error', (error) => {
      settle();
      reject(error);
    });
  });
}

/** A failure of no known kind. */
function startFailure(message: string, { log }: Started): Failure {
  return { code: 'start', message, next: `See ${log}.` };
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
