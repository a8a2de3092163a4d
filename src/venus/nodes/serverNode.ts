import { join } from 'node:path';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Service } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import type { NodeProtocol } from '../net/nodeProtocol.ts';
import { FileServer } from '../server/fileServer.ts';
import type { RealmStore } from '../server/realmStore.ts';
import { DataLock } from '../store/dataLock.ts';
import { makeDirectory } from '../../disk/durableDirectory.ts';
import { LOCK_PATIENCE } from './locks.ts';

/** The file server of an embedded realm. */
export const SERVER = { name: 's1', address: '127.10.0.1' } as const;

export interface ServerNodeOptions {
  readonly dataDirectory: string;
  readonly realm: Pick<RealmStore, 'protection' | 'tokenKey' | 'volumes'>;
  readonly network: Network;
}

/** A file server as a node: what it serves, and how it is told about ways. */
export class ServerNode {
  readonly server: FileServer;
  readonly node: Service<NodeProtocol>;
  readonly #lock: DataLock;

  /** @throws InUseError if another process has its store and does not end */
  static async open({ dataDirectory, realm, network }: ServerNodeOptions): Promise<ServerNode> {
    const directory = join(dataDirectory, 'servers', SERVER.name);
    await makeDirectory(directory);
    const lock = await DataLock.wait(directory, LOCK_PATIENCE);
    try {
      const { protection, tokenKey, volumes } = realm;
      const isPublished = (volume: number) => volumes.byId(volume) !== undefined;
      const server = await FileServer.open({ directory, protection, tokenKey, isPublished, now: Date.now });
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
        return null;
      },
    };
  }

  get files(): Service<FileProtocol> {
    return this.server;
  }

  async close(): Promise<void> {
    await this.server.close();
    this.#lock.release();
  }
}
