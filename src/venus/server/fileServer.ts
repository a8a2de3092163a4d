import { join } from 'node:path';
import { formatAcl } from '../../acl/accessList.ts';
import type { FileProtocol, NewVolume, ObjectStatus } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type { PeerProtocol } from '../net/peerProtocol.ts';
import { Containers } from '../store/containers.ts';
import { Database } from '../store/database.ts';
import { type DirectoryVnode, type FidBlock, type StoredAcl, Vnodes } from '../tree/vnodes.ts';
import { isReplicated } from '../tree/volumeRecord.ts';
import { Callbacks } from './callbacks.ts';
import { Backups } from './dump/backups.ts';
import { removeUnsettled } from './dump/newVolume.ts';
import { removeStaged } from './dump/volumeIncrement.ts';
import { Fetches } from './fetches.ts';
import { Identities, type IdentitiesOptions } from './identities.ts';
import { Inconsistencies } from './inconsistencies.ts';
import { Lookups } from './lookups.ts';
import { setAcl } from './operations/setAcl.ts';
import { Peers } from './peers.ts';
import { Reintegration } from './reintegration.ts';
import { NO_EFFECTS } from './resolution/effects.ts';
import { Repairs } from './repairs.ts';
import { Replication } from './resolution/replication.ts';
import { Stores } from './stores.ts';
import { Transfers } from './transfers.ts';
import { VolumeStates } from './volumeStates.ts';

type Request<Name extends keyof FileProtocol> = FileProtocol[Name]['request'];

export interface FileServerOptions extends IdentitiesOptions {
  readonly directory: string;
  /** The ways to the other servers of the realm, by name. */
  readonly peers?: ReadonlyMap<string, Remote<PeerProtocol>>;
  /** Milliseconds after which it looks after updates that other servers seem not to have; 2000 if not given. */
  readonly patrol?: number;
  /** Whether the realm's list has a volume: one that was being restored and is not in it goes away. */
  readonly isPublished?: (volume: number) => boolean;
}

/** One file server: volumes, their objects, and what clients may do with them. */
export class FileServer implements Service<FileProtocol> {
  readonly callbacks = new Callbacks();
  readonly peers: Peers;
  /** What the other servers ask of this one. */
  readonly forPeers: Service<PeerProtocol>;
  readonly #options: FileServerOptions;
  readonly #vnodes: Vnodes;
  readonly #transfers = new Transfers();
  readonly #identities: Identities;
  readonly #lookups: Lookups;
  readonly #fetches: Fetches;
  readonly #stores: Stores;
  readonly #reintegration: Reintegration;
  readonly #replication: Replication;
  readonly #repairs: Repairs;
  readonly #inconsistencies: Inconsistencies;
  readonly #volumes: VolumeStates;
  readonly #backups: Backups;

  static async open(options: FileServerOptions): Promise<FileServer> {
    const vnodes = new Vnodes(await Database.open(join(options.directory, 'metadata')));
    await removeUnsettled(vnodes.database, options.isPublished ?? (() => false));
    await removeStaged(vnodes.database);
    const inUse = new Set<number>();
    for (const vnode of vnodes.all()) {
      if (vnode.type === 'file' && vnode.container !== undefined) inUse.add(vnode.container);
    }
    const containers = await Containers.open(join(options.directory, 'containers'), (id) => inUse.has(id));
    return new FileServer(vnodes, containers, options);
  }

  private constructor(vnodes: Vnodes, containers: Containers, options: FileServerOptions) {
    const identities = new Identities(options);
    const common = { vnodes, containers, transfers: this.#transfers, identities, callbacks: this.callbacks };
    this.#options = options;
    this.peers = new Peers(options.peers ?? new Map());
    this.#vnodes = vnodes;
    this.#identities = identities;
    this.#lookups = new Lookups({ ...common, nameOfUser: (id) => options.protection.nameOf(id) });
    this.#fetches = new Fetches(common);
    this.#stores = new Stores(common);
    this.#replication = new Replication({
      ...common,
      fetches: this.#fetches,
      stores: this.#stores,
      peers: this.peers,
      patrol: options.patrol,
    });
    this.forPeers = this.#replication.forPeers;
    const { log, causes, locks, performed, runts } = this.#replication;
    this.#reintegration = new Reintegration({ ...common, stores: this.#stores, log, locks, performed });
    const { protection } = options;
    this.#repairs = new Repairs({ ...common, stores: this.#stores, log, locks, protection, runts });
    this.#inconsistencies = new Inconsistencies({
      ...common,
      log,
      causes,
      lookups: this.#lookups,
      protection,
    });
    this.#volumes = new VolumeStates({ ...common, directory: options.directory, now: options.now });
    this.#backups = new Backups({ ...common, protection, now: options.now });
  }

  async close(): Promise<void> {
    this.callbacks.close();
    await this.#backups.close();
    await this.#replication.close();
    await this.#transfers.close();
    await this.#vnodes.database.close();
  }

  readonly probe = async () => Promise.resolve(null);

  readonly getStatus = async ({ credentials, fid }: Request<'getStatus'>): Promise<ObjectStatus> =>
    Promise.resolve(this.#lookups.status(credentials, this.#replication.whole(fid)));

  readonly fetchObject = async ({ credentials, fid, client }: Request<'fetchObject'>) => {
    const found = this.#lookups.fetch(credentials, this.#replication.whole(fid));
    this.callbacks.promise(client, fid);
    return Promise.resolve(found);
  };

  readonly fetchObjects = async ({ credentials, volume, fids, client }: Request<'fetchObjects'>) => {
    this.#replication.checkWhole(volume);
    const inVolume = fids.map((fid) => ({ ...fid, volume }));
    const answers = this.#lookups.fetchAll(credentials, inVolume);
    answers.forEach((answer, at) => {
      const fid = inVolume[at];
      if (answer.kind === 'object' && fid) this.callbacks.promise(client, fid);
    });
    return Promise.resolve(answers);
  };

  readonly lookup = async (request: Request<'lookup'>) => Promise.resolve(this.#lookups.lookup(request));

  readonly readDirectory = async (request: Request<'readDirectory'>) =>
    Promise.resolve(this.#lookups.entries(request));

  readonly nameOf = async (request: Request<'nameOf'>) =>
    Promise.resolve({ name: this.#lookups.nameOf(request) });

  readonly openFetch = async ({ credentials, fid }: Request<'openFetch'>) =>
    this.#fetches.open(credentials, this.#replication.whole(fid));

  readonly fetchFragment = async (request: Request<'fetchFragment'>) => this.#fetches.read(request);

  readonly digestFetch = async ({ handle }: Request<'digestFetch'>) => this.#fetches.digestOpen(handle);

  readonly closeFetch = async ({ handle }: Request<'closeFetch'>) => {
    await this.#fetches.close(handle);
    return null;
  };

  readonly examine = async ({ credentials, volume, fids }: Request<'examine'>) => {
    this.#replication.checkWhole(volume);
    this.#vnodes.volume(volume);
    const inVolume = fids.map((fid) => ({ ...fid, volume }));
    return Promise.resolve(
      this.#lookups.examine(credentials, inVolume, (directory) => this.#aclText(directory)),
    );
  };

  readonly digest = async (request: Request<'digest'>) => {
    this.#replication.whole(request.fid);
    return this.#fetches.digest(request);
  };

  readonly openStore = async ({ fid }: Request<'openStore'>) => ({ handle: await this.#stores.open(fid) });

  readonly storeFragment = async ({ handle, bytes }: Request<'storeFragment'>) => {
    await this.#stores.append(handle, bytes);
    return null;
  };

  readonly finishStore = async ({ handle }: Request<'finishStore'>) => {
    await this.#stores.finish(handle);
    return null;
  };

  readonly abandonStore = async ({ handle }: Request<'abandonStore'>) => {
    await this.#stores.abandon(handle);
    return null;
  };

  readonly reserveFids = ({ volume, count }: Request<'reserveFids'>): Promise<FidBlock> =>
    this.#vnodes.database.transaction((writer) => this.#vnodes.reserveFids(writer, volume, count));

  readonly reintegrate = async (request: Request<'reintegrate'>) => {
    this.#replication.checkWhole(request.volume);
    return this.#reintegration.perform(request);
  };

  readonly concludeUpdates = async (request: Request<'concludeUpdates'>) => {
    await this.#replication.conclude(request);
    return null;
  };

  readonly resolveVolume = async ({ volume }: Request<'resolveVolume'>) => {
    await this.#replication.resolve(volume);
    return null;
  };

  readonly fence = (request: Request<'fence'>) => this.#reintegration.fence(request);

  readonly certifyLog = (request: Request<'certifyLog'>) => this.#reintegration.certify(request);

  readonly listInconsistent = async (request: Request<'listInconsistent'>) => {
    this.#replication.checkWhole(request.volume);
    return Promise.resolve(this.#inconsistencies.list(request));
  };

  readonly repairReplica = (request: Request<'repairReplica'>) => this.#repairs.perform(request);

  readonly setVersion = (request: Request<'setVersion'>) => this.#repairs.setVersion(request);

  readonly getAcl = async ({ fid }: Request<'getAcl'>) =>
    Promise.resolve({ text: this.#aclText(this.#vnodes.directory(this.#replication.whole(fid))) });

  readonly setAcl = async (request: Request<'setAcl'>) => {
    const { credentials, storeId, fid } = request;
    const identity = this.#identities.of(credentials);
    const now = this.#options.now();
    const { log, locks } = this.#replication;
    const isLogged = isReplicated(this.#vnodes.volume(fid.volume));
    await locks.update(fid.volume, () =>
      this.#vnodes.database.transaction((writer) => {
        setAcl({ vnodes: this.#vnodes, writer, identity, storeId, now }, request, this.#options.protection);
        const by = { storeId, time: now, viceId: identity.viceId };
        if (isLogged) log.append(writer, fid.volume, { ...by, ...NO_EFFECTS, kind: 'acl', changed: [fid] });
      }),
    );
    await this.callbacks.break([fid], undefined);
    return null;
  };

  readonly rightsChanged = async () => {
    await this.callbacks.breakAll();
    return null;
  };

  readonly getVolumeStatus = async (request: Request<'getVolumeStatus'>) =>
    Promise.resolve(this.#volumes.get(request));

  readonly setVolumeStatus = async (request: Request<'setVolumeStatus'>) => this.#volumes.set(request);

  readonly describeVolume = async ({ volume }: Request<'describeVolume'>) =>
    Promise.resolve(this.#volumes.describe(volume));

  readonly createVolume = async (request: NewVolume) => {
    await this.#volumes.create(request);
    return null;
  };

  readonly dropVolume = async ({ volume }: Request<'dropVolume'>) => {
    await this.#volumes.drop(volume);
    return null;
  };

  readonly openDump = (request: Request<'openDump'>) => this.#backups.openDump(request);
  readonly sendDumpBase = (request: Request<'sendDumpBase'>) => this.#backups.sendDumpBase(request);
  readonly readDump = (request: Request<'readDump'>) => this.#backups.readDump(request);
  readonly closeDump = (request: Request<'closeDump'>) => this.#backups.closeDump(request);
  readonly openRestore = (request: Request<'openRestore'>) => this.#backups.openRestore(request);
  readonly writeRestore = (request: Request<'writeRestore'>) => this.#backups.writeRestore(request);
  readonly finishRestore = (request: Request<'finishRestore'>) => this.#backups.finishRestore(request);
  readonly abandonRestore = (request: Request<'abandonRestore'>) => this.#backups.abandonRestore(request);
  readonly settleRestore = (request: Request<'settleRestore'>) => this.#backups.settleRestore(request);

  #aclText({ acl }: DirectoryVnode): string {
    const named = (side: keyof StoredAcl) =>
      acl[side].map(({ id, rights }) => ({ name: this.#options.protection.nameOf(id), rights }));
    return formatAcl({ positive: named('positive'), negative: named('negative') }, 'reply');
  }
}
