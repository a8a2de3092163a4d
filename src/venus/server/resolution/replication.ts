import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { FileProtocol } from '../../net/fileProtocol.ts';
import { Link } from '../../net/link.ts';
import type { PeerProtocol } from '../../net/peerProtocol.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import type { Callbacks } from '../callbacks.ts';
import { concludeUpdates } from '../conclusions.ts';
import type { Fetches } from '../fetches.ts';
import type { Peers } from '../peers.ts';
import { Performed } from '../performed.ts';
import type { Stores } from '../stores.ts';
import { ConflictCauses } from './conflictCauses.ts';
import { PeerService } from './peerService.ts';
import { ResolutionLog } from './resolutionLog.ts';
import { Resolver } from './resolver.ts';
import { Restores } from './restores.ts';
import { Runts } from './runts.ts';
import { VolumeLocks } from './volumeLocks.ts';

export interface ReplicationOptions {
  readonly vnodes: Vnodes;
  readonly fetches: Fetches;
  readonly stores: Stores;
  readonly callbacks: Callbacks;
  readonly peers: Peers;
  readonly patrol?: number | undefined;
}

/** All by which a server keeps its volumes together with the other servers that have them. */
export class Replication {
  readonly log: ResolutionLog;
  readonly causes: ConflictCauses;
  readonly locks = new VolumeLocks();
  readonly performed: Performed;
  readonly runts: Runts;
  readonly forPeers: PeerService;
  readonly #vnodes: Vnodes;
  readonly #restores: Restores;
  readonly #resolver: Resolver;
  readonly #stopWatching: () => void;

  constructor(options: ReplicationOptions) {
    const { vnodes, stores, peers, patrol } = options;
    this.#vnodes = vnodes;
    this.log = new ResolutionLog(vnodes.database);
    this.causes = new ConflictCauses(vnodes);
    this.performed = new Performed(vnodes.database);
    this.#restores = new Restores({ vnodes, stores, log: this.log, performed: this.performed });
    this.runts = new Runts(vnodes, vnodes.database);
    const { log, causes, locks, performed, runts } = this;
    const own = { log, causes, locks, performed, runts, restores: this.#restores };
    this.forPeers = new PeerService({ ...options, ...own });
    const self = new Link<PeerProtocol>(this.forPeers);
    this.#resolver = new Resolver({ vnodes, log, peers, self, patrol });
    this.#stopWatching = peers.onChange(() => void this.#resolver.look());
  }

  /** @throws VenusError ENXIO, EAGAIN */
  resolve(volume: number): Promise<void> {
    return this.#resolver.resolve(volume);
  }

  async conclude(request: FileProtocol['concludeUpdates']['request']): Promise<void> {
    await concludeUpdates(this.#vnodes, this.log, request);
    this.#resolver.noteConcluded(request.volume);
  }

  /** @throws VenusError ENXIO for a volume that was lost and is not whole again yet */
  checkWhole(volume: number): void {
    if (this.#restores.isUnfinished(volume))
      fail('ENXIO', 'The volume is being restored from another server.');
  }

  /** As {@link checkWhole}, for the volume of an object. */
  whole(fid: Fid): Fid {
    this.checkWhole(fid.volume);
    return fid;
  }

  async close(): Promise<void> {
    this.#stopWatching();
    this.locks.close();
    await this.#resolver.close();
  }
}
