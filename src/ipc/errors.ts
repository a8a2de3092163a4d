import { errnoName, errnoText, type ErrnoName, errno as errnoNumber } from './errno.ts';

/** What a person needs besides the first line of an error: why it happened and what to do next. */
export interface Advice {
  readonly why?: string;
  readonly next?: string;
}

/**
 * The root of all errors that the toolkit raises on purpose. `message` says what happened, in the classic
 * text where there is one; `why` and `next` are sentences for a person at a terminal.
 */
export abstract class CodaError extends Error {
  /** Stable, for programs: `errno`, `no-venus`, `time-limit`, … */
  abstract readonly code: string;
  /** Whether the message is a whole classic line, before which no label belongs. */
  readonly unlabelled: boolean = false;
  readonly why: string | undefined;
  readonly next: string | undefined;

  constructor(message: string, advice: Advice = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.why = advice.why;
    this.next = advice.next;
  }
}

/** Venus answered a request with an errno. */
export class VenusError extends CodaError {
  readonly code = 'errno';
  readonly errno: number;

  constructor(errno: number, advice: Advice = {}, options?: ErrorOptions) {
    super(errnoText(errno), advice, options);
    this.errno = errno;
  }

  get errnoName(): string {
    return errnoName(this.errno);
  }

  is(name: ErrnoName): boolean {
    return this.errno === errnoNumber(name);
  }
}

/** Whether an error is venus's answer with one of these errnos. */
export function isErrno(error: unknown, ...names: readonly ErrnoName[]): error is VenusError {
  return error instanceof VenusError && names.some((name) => error.is(name));
}

/** No venus could be reached at the place chosen for it. */
export class VenusUnavailableError extends CodaError {
  readonly code = 'no-venus';
}

/** A request got no answer within its time limit. */
export class TimeLimitError extends CodaError {
  readonly code = 'time-limit';
}

/** The other side sent something that is not in its protocol. */
export class ProtocolError extends CodaError {
  readonly code = 'protocol';
}

/** A path that does not lie in Coda. */
export class NotCodaPathError extends CodaError {
  readonly code = 'not-coda';
}

/** A path that Coda could not hold: too long, a component too long, a NUL inside. */
export class BadPathError extends CodaError {
  readonly code = 'bad-path';
}

/** Something in the user's environment or configuration that cannot be used as it is. */
export class ConfigurationError extends CodaError {
  readonly code = 'configuration';
}

/** Another process uses what cannot be shared: a data directory, a socket. */
export class InUseError extends CodaError {
  readonly code = 'in-use';
}

/** The request is one that this kind of venus cannot serve. */
export class UnsupportedError extends CodaError {
  readonly code = 'unsupported';
}

/** The other side refused with a code of its own instead of an errno, as `wrong-password`. */
export class RefusedError extends CodaError {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, advice: Advice = {}) {
    super(message, advice);
    this.code = code;
  }
}

/** What an embedded venus may refuse apart from its pioctls. */
export const refusalCodes = [
  'unknown-realm',
  'unknown-user',
  'wrong-password',
  'unknown-name',
  'name-taken',
  'bad-name',
  'protected',
  'bad-request',
  'archive-limit',
  'dump-damaged',
  'wrong-base',
  'shutting-down',
  'unreachable',
  'server-up',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];
