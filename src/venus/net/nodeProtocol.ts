import type { Nothing } from './link.ts';
import type { NodePair } from './network.ts';

/** What every node is told about the ways between the nodes, and asked about them. */
export interface NodeProtocol {
  /** All ways that are cut. */
  readonly setCut: { request: { readonly cut: readonly NodePair[] }; reply: Nothing };
  /** Ways have changed, or a server has come up: the node finds out whom it can reach, and catches up with them. */
  readonly look: { request: Nothing; reply: Nothing };
  /** The names of the servers that it can reach now, without itself. */
  readonly reach: { request: Nothing; reply: { readonly servers: readonly string[] } };
}

/** A way between a client and a server, or between two servers, and whether it is open. */
export type Way =
  | { readonly client: string; readonly server: string; readonly isCut: boolean }
  | { readonly server: string; readonly peer: string; readonly isCut: boolean };

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

/** A server is starting when its process has just been started, or has died and is started again. */
export type ServerState = 'up' | 'starting' | 'stopped';

/** A server of the venus, and how it is. */
export interface ServerReport {
  readonly name: string;
  readonly address: string;
  readonly state: ServerState;
  /** Of its own process, if it has one and is not stopped. */
  readonly pid: number | undefined;
  /** Names of the volumes of which it has a replica. */
  readonly volumes: readonly string[];
  /** The other servers that it can reach now. */
  readonly reaches: readonly string[];
}

/** What can be done to a server: `kill` ends it at once, and `empty` removes all it has, which must be stopped. */
export type ServerAction = 'start' | 'stop' | 'kill' | 'empty';

/** What a client asks of the venus that it is a part of, for those who use its socket. */
export interface VenusProtocol {
  readonly describe: { request: Nothing; reply: VenusDescription };
  readonly listWays: { request: Nothing; reply: { readonly ways: readonly Way[] } };
  /**
   * The ways from a client or a server to a server; all of one, where the other is not named, and all that there are, where
   * neither is. Resolves when both ends know. @throws RefusedError unknown-name, bad-request
   */
  readonly setWays: {
    request: {
      readonly isCut: boolean;
      readonly node: string | undefined;
      readonly server: string | undefined;
    };
    reply: Nothing;
  };
  readonly listServers: { request: Nothing; reply: { readonly servers: readonly ServerReport[] } };
  /** Resolves when it is done, and those who can reach the server know. @throws RefusedError unknown-name, server-up */
  readonly changeServer: {
    request: { readonly name: string; readonly action: ServerAction };
    reply: Nothing;
  };
  /** Begins a clean end. */
  readonly shutDown: { request: Nothing; reply: Nothing };
}
