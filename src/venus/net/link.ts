import { errno } from '../../ipc/errno.ts';
import { RefusedError, VenusError } from '../../ipc/errors.ts';
import { logFault } from '../log.ts';

/** Stands where a message says nothing. */
export type Nothing = null;

/** The messages of a service: for each name what is asked and what is answered, all of it plain values. */
export type Protocol<P> = {
  readonly [Name in keyof P]: { readonly request: unknown; readonly reply: unknown };
};

/** What serves a protocol. */
export type Service<P extends Protocol<P>> = {
  readonly [Name in keyof P]: (request: P[Name]['request']) => Promise<P[Name]['reply']>;
};

/** The end of a link that asks. */
export type Remote<P extends Protocol<P>> = Pick<Link<P>, 'call'>;

/**
 * The way from one node of the embedded realm to a service of another. Messages are copied, so that the two ends
 * share nothing and either could be another process; while the way is cut no message passes.
 */
export class Link<P extends Protocol<P>> {
  readonly #service: Service<P>;
  readonly #isUp: () => boolean;

  constructor(service: Service<P>, isUp: () => boolean) {
    this.#service = service;
    this.#isUp = isUp;
  }

  /** @throws VenusError with the service's errno, or ETIMEDOUT while the link is cut; RefusedError */
  async call<Name extends keyof P>(name: Name, request: P[Name]['request']): Promise<P[Name]['reply']> {
    this.#checkUp();
    try {
      const reply = await this.#service[name](structuredClone(request));
      this.#checkUp();
      return structuredClone(reply);
    } catch (error) {
      this.#checkUp();
      throw asMessage(error);
    }
  }

  #checkUp(): void {
    if (!this.#isUp()) throw new VenusError(errno('ETIMEDOUT'));
  }
}

/** An error as it arrives at the other end. What is neither an errno nor a refusal is a fault of the service. */
function asMessage(error: unknown): Error {
  if (error instanceof VenusError || error instanceof RefusedError) return error;
  logFault('service', error);
  return new VenusError(errno('EIO'), { why: `The server failed: ${String(error)}` }, { cause: error });
}
