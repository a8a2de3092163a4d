import * as v from 'valibot';
import { errno } from '../../ipc/errno.ts';
import { RefusedError, VenusError, refusalCodes } from '../../ipc/errors.ts';
import { logFault } from '../log.ts';

/** An error as it arrives at the other end of a link. */
export type Failure = VenusError | RefusedError;

const advice = { why: v.exactOptional(v.string()), next: v.exactOptional(v.string()) };

/** A failure as it travels in a frame. */
export const sentFailureSchema = v.variant('kind', [
  v.object({ kind: v.literal('errno'), errno: v.pipe(v.number(), v.integer()), ...advice }),
  v.object({
    kind: v.literal('refused'),
    code: v.picklist(refusalCodes),
    message: v.string(),
    ...advice,
  }),
]);
export type SentFailure = v.InferOutput<typeof sentFailureSchema>;

/** What is neither an errno nor a refusal is a fault of the service: it is logged there, and arrives as EIO. */
export function asFailure(error: unknown): Failure {
  if (error instanceof VenusError || error instanceof RefusedError) return error;
  logFault('service', error);
  return new VenusError(errno('EIO'), { why: `The server failed: ${String(error)}` }, { cause: error });
}

/** What a call comes to that got no answer: the other end looks dead. */
export function noAnswer(): VenusError {
  return new VenusError(errno('ETIMEDOUT'));
}

export function toSentFailure(failure: Failure): SentFailure {
  const { why, next } = failure;
  const more = { ...(why === undefined ? {} : { why }), ...(next === undefined ? {} : { next }) };
  return failure instanceof VenusError
    ? { kind: 'errno', errno: failure.errno, ...more }
    : { kind: 'refused', code: failure.code, message: failure.message, ...more };
}

export function fromSentFailure(failure: SentFailure): Failure {
  return failure.kind === 'errno'
    ? new VenusError(failure.errno, failure)
    : new RefusedError(failure.code, failure.message, failure);
}
