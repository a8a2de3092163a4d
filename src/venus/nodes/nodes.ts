import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type { ProcessDescription, VenusProtocol } from '../net/nodeProtocol.ts';
import type { RealmProtocol } from '../net/realmProtocol.ts';
import type { Ways } from '../ways.ts';
import type { ClientOptions } from './clientNode.ts';

/** What the venus itself serves to its clients. */
export interface VenusServices {
  readonly realm: Service<RealmProtocol>;
  readonly venus: Service<VenusProtocol>;
}

/** The servers and clients of a venus, wherever they run. */
export interface Nodes {
  readonly ways: Ways;
  /** Starts the file server. Resolves with the realm's way to it. */
  openServer(clients: readonly ClientOptions[]): Promise<Remote<FileProtocol>>;
  /** Starts the clients, each with its socket. */
  openClients(clients: readonly ClientOptions[], services: VenusServices): Promise<void>;
  processes(): readonly ProcessDescription[];
  /** Ends the clients, then the server. */
  close(): Promise<void>;
}
