import type { ArchiveFormat } from '../../cml/archive/entry.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote } from '../net/link.ts';
import type { RealmProtocol, ServerDescription } from '../net/realmProtocol.ts';
import type { Tokens } from './tokens.ts';

/** A realm as a client reaches it. */
export interface RealmConnections {
  readonly name: string;
  readonly realm: Remote<RealmProtocol>;
  readonly servers: readonly (ServerDescription & { readonly link: Remote<FileProtocol> })[];
  /** Cuts all links of the client to the servers, or heals them. */
  readonly isolate: (isCut: boolean) => Promise<void> | void;
}

export interface CacheManagerOptions {
  readonly name: string;
  /** Where it keeps all it has. Checkpoints are in `checkpoints/` below. */
  readonly directory: string;
  readonly realm: RealmConnections;
  readonly now: () => number;
  /** Bytes of contents of files that it keeps. */
  readonly capacity: number;
  /** Objects that it keeps; as many as there are if it is not given. */
  readonly objects?: number;
  /** The local user whose venus it is. */
  readonly owner?: number;
  /** Of checkpoints, if not pax. */
  readonly checkpointFormat?: ArchiveFormat | undefined;
  /** Whether conflicts show as at a real Coda, which has no repair sessions. */
  readonly realConflicts?: boolean;
  /** The one server that it knows, of several that a volume has. */
  readonly replica?: string;
  /** Of another client, whose users it works for. */
  readonly tokens?: Tokens;
  /** Fids of each type that it has set aside at a time. */
  readonly fidsAtATime?: number;
  /** Whether its logs keep what later changes make needless. */
  readonly keepsAllRecords?: boolean;
}
