import type { Nothing } from './link.ts';
import type { NodePair } from './network.ts';

/** What every node is told about the ways between the nodes. */
export interface NodeProtocol {
  /** All ways that are cut. */
  readonly setCut: { request: { readonly cut: readonly NodePair[] }; reply: Nothing };
  /** Ways have changed: the node finds out whom it can reach, and catches up with them. */
  readonly look: { request: Nothing; reply: Nothing };
}

/** A way between a client and a server, and whether it is open. */
export interface Way {
  readonly client: string;
  readonly server: string;
  readonly isCut: boolean;
}

/** One of the processes that a venus consists of. */
export interface ProcessDescription {
  readonly name: string;
  /** The one that starts and watches the others, or is alone, is `venus`. */
  readonly role: 'venus' | 'server' | 'client';
  readonly pid: number;
}

export interface VenusDescription {
  readonly version: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly processes: readonly ProcessDescription[];
}

/** What a client asks of the venus that it is a part of, for those who use its socket. */
export interface VenusProtocol {
  readonly describe: { request: Nothing; reply: VenusDescription };
  readonly listWays: { request: Nothing; reply: { readonly ways: readonly Way[] } };
  /** All clients or all servers, where none is named. Resolves when both ends know. @throws RefusedError unknown-name */
  readonly setWays: {
    request: {
      readonly isCut: boolean;
      readonly client: string | undefined;
      readonly server: string | undefined;
    };
    reply: Nothing;
  };
  /** Begins a clean end. */
  readonly shutDown: { request: Nothing; reply: Nothing };
}
