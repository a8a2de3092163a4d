/** Who needs a container; one bit each. */
export const Holder = {
  /** A record of a modify log, which has to bring it to the servers. */
  Log: 1,
  /** A file of the cache, whose contents it has. */
  File: 2,
  /** Somebody who fills it. */
  Filler: 4,
} as const;
export type Holder = (typeof Holder)[keyof typeof Holder];

interface Held {
  readonly length: number;
  readonly holders: number;
}

/** What the containers of a client take: each counts once, whoever needs it, for as long as somebody does. */
export class ContainerCount {
  readonly #held = new Map<number, Held>();
  #bytes = 0;

  /** Bytes of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of those that a record or nobody but a filler needs: they cannot be thrown out. */
  get fixedBytes(): number {
    let bytes = 0;
    for (const { length, holders } of this.#held.values()) if (holders !== Holder.File) bytes += length;
    return bytes;
  }

  /** Bytes of a container, 0 if nobody needs it. */
  lengthOf(container: number): number {
    return this.#held.get(container)?.length ?? 0;
  }

  isHeld(container: number, holder: Holder): boolean {
    return ((this.#held.get(container)?.holders ?? 0) & holder) !== 0;
  }

  /** What a record or a file needs is filled. @param length bytes in it, or to be in it */
  hold(container: number, length: number, holder: Holder): void {
    const before = this.#held.get(container)?.holders ?? 0;
    this.#set(
      container,
      length,
      holder === Holder.Filler ? before | holder : (before & ~Holder.Filler) | holder,
    );
  }

  release(container: number, holder: Holder): void {
    const held = this.#held.get(container);
    if (held) this.#set(container, held.length, held.holders & ~holder);
  }

  #set(container: number, length: number, holders: number): void {
    this.#bytes -= this.lengthOf(container);
    if (holders === 0) this.#held.delete(container);
    else {
      this.#held.set(container, { length, holders });
      this.#bytes += length;
    }
  }
}
