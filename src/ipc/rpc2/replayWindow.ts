const SIZE = 64;

/** Which sealed packets of the other side have been seen, so that none counts twice (spec/rpc2.md, 3). */
export class ReplayWindow {
  #highest = 0;
  /** Bit n stands for the packet n before the highest. */
  #seen = 0n;

  /** Whether a packet is new and not too old. */
  accepts(sequence: number): boolean {
    if (sequence > this.#highest) return true;
    const age = this.#highest - sequence;
    return sequence > 0 && age < SIZE && (this.#seen & (1n << BigInt(age))) === 0n;
  }

  /** Only for a packet that has been verified. */
  note(sequence: number): void {
    if (sequence > this.#highest) {
      const ahead = Math.min(sequence - this.#highest, SIZE);
      this.#seen = BigInt.asUintN(SIZE, (this.#seen << BigInt(ahead)) | 1n);
      this.#highest = sequence;
    } else {
      this.#seen |= 1n << BigInt(this.#highest - sequence);
    }
  }
}
