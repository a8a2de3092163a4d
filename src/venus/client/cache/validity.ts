import type { Fid } from '../../../ipc/fid.ts';

export interface Fetch {
  /** The object has been changed here meanwhile: what was fetched may be older than what is here. */
  readonly isOvertaken: boolean;
  /** What was fetched is valid, if no news of it came meanwhile; and so are the rights of who asked. */
  succeed(viceId?: number): void;
  end(): void;
}

/** Of which objects a server has promised to tell when they change, and has not. It does not outlive the process. */
export class Validity {
  /** With those whose rights in them the server has told of. */
  readonly #valid = new Map<string, Set<number>>();
  /** Objects being fetched: whether news of them came meanwhile, and whether they were changed here. */
  readonly #fetching = new Map<string, { broken: boolean; count: number; changes: number }>();

  isValid(fid: Fid): boolean {
    return this.#valid.has(text(fid));
  }

  /** Whether a server has promised to tell when the rights of somebody in an object change. */
  knowsRights(fid: Fid, viceId: number): boolean {
    return this.#valid.get(text(fid))?.has(viceId) === true;
  }

  /** Fetching an object begins. */
  begin(fid: Fid): Fetch {
    const id = text(fid);
    const state = this.#fetching.get(id) ?? { broken: false, count: 0, changes: 0 };
    const { changes } = state;
    state.count += 1;
    this.#fetching.set(id, state);
    return {
      get isOvertaken() {
        return state.changes !== changes;
      },
      succeed: (viceId) => {
        if (state.broken) return;
        const known = this.#valid.get(id) ?? new Set();
        if (viceId !== undefined) known.add(viceId);
        this.#valid.set(id, known);
      },
      end: () => {
        state.count -= 1;
        if (state.count === 0) this.#fetching.delete(id);
      },
    };
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
