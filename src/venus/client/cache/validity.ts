import type { Fid } from '../../../ipc/fid.ts';

export interface Fetch {
  readonly wasValid: boolean;
  /** The object has been changed here meanwhile: what was fetched may be older than what is here. */
  readonly isOvertaken: boolean;
  /** What was fetched is valid, if no news of it came meanwhile. */
  succeed(): void;
  end(): void;
}

/** Of which objects a server has promised to tell when they change, and has not. It does not outlive the process. */
export class Validity {
  readonly #valid = new Set<string>();
  /** Objects being fetched: whether news of them came meanwhile, and whether they were changed here. */
  readonly #fetching = new Map<string, { broken: boolean; count: number; changes: number }>();

  isValid(fid: Fid): boolean {
    return this.#valid.has(text(fid));
  }

  /** Fetching an object begins. */
  begin(fid: Fid): Fetch {
    const id = text(fid);
    const state = this.#fetching.get(id) ?? { broken: false, count: 0, changes: 0 };
    const { changes } = state;
    state.count += 1;
    this.#fetching.set(id, state);
    return {
      wasValid: this.#valid.has(id),
      get isOvertaken() {
        return state.changes !== changes;
      },
      succeed: () => {
        if (!state.broken) this.#valid.add(id);
      },
      end: () => {
        state.count -= 1;
        if (state.count === 0) this.#fetching.delete(id);
      },
    };
  }

  /** An object that is known to be as the server has it. */
  confirm(fid: Fid): void {
    this.#valid.add(text(fid));
  }

  /** Objects are changed here: what is being fetched of them may not replace that. */
  overtake(fids: readonly Fid[]): void {
    for (const fid of fids) {
      const fetching = this.#fetching.get(text(fid));
      if (fetching) fetching.changes += 1;
    }
  }

  break(fids: readonly Fid[]): void {
    for (const fid of fids) {
      this.#valid.delete(text(fid));
      const fetching = this.#fetching.get(text(fid));
      if (fetching) fetching.broken = true;
    }
  }

  breakAll(): void {
    this.#valid.clear();
    for (const fetching of this.#fetching.values()) fetching.broken = true;
  }
}

function text({ volume, vnode, unique }: Fid): string {
  return `${volume}.${vnode}.${unique}`;
}
