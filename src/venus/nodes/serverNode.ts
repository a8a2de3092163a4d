import { join } from 'node:path';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import type { NodeProtocol } from '../net/nodeProtocol.ts';
import type { PeerProtocol } from '../net/peerProtocol.ts';
import { FileServer } from '../server/fileServer.ts';
import type { RealmStore } from '../server/realmStore.ts';
import { DataLock } from '../store/dataLock.ts';
import { makeDirectory } from '../../disk/durableDirectory.ts';
import { LOCK_PATIENCE } from './locks.ts';
import { finishEmptying } from './serverStore.ts';

export interface ServerNodeOptions {
  readonly name: string;
  readonly dataDirectory: string;
  readonly realm: Pick<RealmStore, 'protection' | 'tokenKey' | 'volumes'>;
  readonly network: Network;
  /** The ways to the other servers, by name. */
  readonly peers: ReadonlyMap<string, Remote<PeerProtocol>>;
}

/** A file server as a node: what it serves, and how it is told about ways. */
export class ServerNode {
  readonly server: FileServer;
  readonly node: Service<NodeProtocol>;
  readonly #lock: DataLock;

  /** @throws InUseError if another process has its store and does not end */
  static async open({ name, dataDirectory, realm, network, peers }: ServerNodeOptions): Promise<ServerNode> {
    const directory = serverDirectory(dataDirectory, name);
    await makeDirectory(directory);
    const lock = await DataLock.wait(directory, LOCK_PATIENCE);
    try {
      await finishEmptying(directory);
      const { protection, tokenKey, volumes } = realm;
      const isPublished = (volume: number) => volumes.byId(volume) !== undefined;
      const common = { directory, protection, tokenKey, now: Date.now };
      const server = await FileServer.open({ ...common, isPublished, peers });
      return new ServerNode(server, network, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(server: FileServer, network: Network, lock: DataLock) {
    this.server = server;
    this.#lock = lock;
    this.node = {
      setCut: ({ cut }) => {
        network.setCut(cut);
        return Promise.resolve(null);
      },
      look: async () => {
        await server.callbacks.retry();
        this.onPeersChanged();
        return null;
      },
      reach: async () => ({ servers: await server.peers.reachable() }),
    };
  }

  get files(): Service<FileProtocol> {
    return this.server;
  }

  get forPeers(): Service<PeerProtocol> {
    return this.server.forPeers;
  }

  /** Other servers may be reachable that were not before, or the other way round. */
  onPeersChanged(): void {
    this.server.peers.noteChange();
  }

  async close(): Promise<void> {
    await this.server.close();
    this.#lock.release();
  }
}

/** Where a server has all it keeps. */
export function serverDirectory(dataDirectory: string, name: string): string {
  return join(dataDirectory, 'servers', name);
}
