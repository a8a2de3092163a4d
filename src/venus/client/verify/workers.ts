/** Tasks at a time, and those that may wait: what comes beyond is done at once by who adds it. */
const [WORKERS, WAITING] = [4, 1000];

/** Does tasks that lead to further ones, several at a time, the newest first; the room that it takes has a bound. */
export class Workers<Task> {
  readonly #work: (task: Task) => Promise<void>;
  readonly #waiting: Task[] = [];
  #active = 0;
  #wake: () => void = () => undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(work: (task: Task) => Promise<void>) {
    this.#work = work;
  }

  /** To be called before it runs, or by a task. */
  async add(task: Task): Promise<void> {
    if (this.#waiting.length >= WAITING) {
      await this.#work(task);
      return;
    }
    this.#waiting.push(task);
    this.#wake();
  }

  /** Resolves when all is done. @throws what a task throws; those that have begun are waited for */
  async run(): Promise<void> {
    for (;;) {
      while (this.#active < WORKERS && !this.#failure) {
        const task = this.#waiting.pop();
        if (task === undefined) break;
        this.#begin(task);
      }
      if (this.#active === 0) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure) throw this.#failure.error;
  }

  #begin(task: Task): void {
    this.#active += 1;
    void this.#work(task)
      .catch((error: unknown) => (this.#failure ??= { error }))
      .finally(() => {
        this.#active -= 1;
        this.#wake();
      });
  }
}
