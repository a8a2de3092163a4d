import { fail } from '../../fail.ts';
import type { GroupMember } from './poll.ts';

/** A transfer of contents with several servers: under one handle here, under another one at each of them. */
export interface Transfer {
  readonly member: GroupMember;
  readonly handle: number;
}

/** The transfers that are under way with the servers of a volume. */
export class GroupTransfers {
  readonly #transfers = new Map<number, readonly Transfer[]>();
  #last = 0;

  add(transfers: readonly Transfer[]): number {
    this.#last += 1;
    this.#transfers.set(this.#last, transfers);
    return this.#last;
  }

  /** @throws VenusError ESTALE */
  get(handle: number): readonly Transfer[] {
    return this.#transfers.get(handle) ?? fail('ESTALE', 'The transfer is over.');
  }

  /** Goes on with those servers only that have all that was sent. */
  keep(handle: number, transfers: readonly Transfer[]): void {
    this.#transfers.set(handle, transfers);
  }

  end(handle: number): void {
    this.#transfers.delete(handle);
  }

  /** The handle at one server; none if that one has not all of it. */
  at(handle: number, member: GroupMember): number | undefined {
    return this.#transfers.get(handle)?.find((transfer) => transfer.member.site === member.site)?.handle;
  }
}
