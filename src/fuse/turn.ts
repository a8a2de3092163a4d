/** Does one thing after the other. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as the work does, which begins when all that came before has settled. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
