import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type { ProcessDescription, ServerState, VenusProtocol } from '../net/nodeProtocol.ts';
import type { RealmProtocol, ServerDescription } from '../net/realmProtocol.ts';
import type { Ways } from '../ways.ts';
import type { ClientOptions } from './clientNode.ts';

/** What the venus itself serves to its clients. */
export interface VenusServices {
  readonly realm: Service<RealmProtocol>;
  readonly venus: Service<VenusProtocol>;
}

/** One of the servers, which can be ended and started again while the others go on. */
export interface ServerSwitch {
  readonly state: ServerState;
  /** Of a process of its own. */
  readonly pid: number | undefined;
  /** Resolves when it is up, and those that can reach it know. */
  start(): Promise<void>;
  /** What is under way is finished first. It stays down until it is started. */
  stop(): Promise<void>;
  /** At once: answers under way are lost. It stays down until it is started. */
  kill(): Promise<void>;
  /** The other servers that it can reach now. */
  reaches(): Promise<readonly string[]>;
}

/** The servers and clients of a venus, wherever they run. */
export interface Nodes {
  readonly ways: Ways;
  /** Starts the file servers. Resolves with the realm's ways to them, by name. */
  openServers(
    servers: readonly ServerDescription[],
    clients: readonly ClientOptions[],
  ): Promise<ReadonlyMap<string, Remote<FileProtocol>>>;
  /** Starts the clients, each with its socket. */
  openClients(clients: readonly ClientOptions[], services: VenusServices): Promise<void>;
  /** By name, in the order of the servers. */
  readonly servers: ReadonlyMap<string, ServerSwitch>;
  processes(): readonly ProcessDescription[];
  /** Ends the clients, then the servers. */
  close(): Promise<void>;
}
