import { asFailure, noAnswer } from './failure.ts';

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
export interface Remote<P extends Protocol<P>> {
  /** @throws VenusError with the service's errno, or ETIMEDOUT if no answer comes; RefusedError */
  call<Name extends keyof P>(name: Name, request: P[Name]['request']): Promise<P[Name]['reply']>;
}

/**
 * The way from one node of the embedded realm to a service of another in the same process. Messages are copied, so
 * that the two ends share nothing and either could be another process; while the way is cut no message passes.
 */
export class Link<P extends Protocol<P>> implements Remote<P> {
  readonly #service: Service<P>;
  readonly #isUp: () => boolean;

  constructor(service: Service<P>, isUp: () => boolean = () => true) {
    this.#service = service;
    this.#isUp = isUp;
  }

  async call<Name extends keyof P>(name: Name, request: P[Name]['request']): Promise<P[Name]['reply']> {
    this.#checkUp();
    try {
      const reply = await this.#service[name](structuredClone(request));
      this.#checkUp();
      return structuredClone(reply);
    } catch (error) {
      this.#checkUp();
      throw asFailure(error);
    }
  }

  #checkUp(): void {
    if (!this.#isUp()) throw noAnswer();
  }
}
