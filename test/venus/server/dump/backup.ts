import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { concatBytes } from '../../../../src/ipc/text.ts';
import type { RestoreReport } from '../../../../src/venus/net/dumpProtocol.ts';
import { VolumeTables } from '../../../../src/venus/server/dump/volumeTables.ts';
import { Database } from '../../../../src/venus/store/database.ts';
import type { Vnode } from '../../../../src/venus/tree/vnodes.ts';
import { type TestRealm, raise, serverDirectoryOf } from '../../support.ts';
import { findProblems } from '../invariants.ts';

/** Bytes sent at a time. */
const PIECE = 10_000;

/** Dumps and restores the volumes of a realm, as the socket's routes do, and looks into the tables. */
export class Backup {
  readonly #realm: TestRealm;
  readonly #metadata: Database;

  constructor(realm: TestRealm, metadata: Database) {
    this.#realm = realm;
    this.#metadata = metadata;
  }

  async open(volume: number, base?: Uint8Array): Promise<number> {
    const { server } = this.#realm;
    const about = { realm: 'test.realm', server: 's1', hasBase: base !== undefined };
    const { handle } = await server.openDump({ volume, ...about });
    for (let at = 0; base && at < base.length; at += PIECE)
      await server.sendDumpBase({ handle, bytes: base.subarray(at, at + PIECE) });
    return handle;
  }

  async read(handle: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    try {
      for (;;) {
        const { bytes, isEnd } = await this.#realm.server.readDump({ handle });
        pieces.push(bytes);
        if (isEnd) return concatBytes(pieces);
      }
    } finally {
      await this.#realm.server.closeDump({ handle });
    }
  }

  async dump(volume: number, base?: Uint8Array): Promise<Uint8Array> {
    return this.read(await this.open(volume, base));
  }

  /** @returns the number of the new volume */
  async restore(
    dump: Uint8Array,
    name: string,
    isPartial = false,
  ): Promise<{ readonly volume: number; readonly report: RestoreReport }> {
    const { server, realmServer } = this.#realm;
    const location = await realmServer.reserveVolume({ name, wanted: 0 });
    const replica = location.replicas[0]?.volume ?? 0;
    const members = location.replicas.map((each) => ({ server: each.server, replica: each.volume }));
    const about = { kind: 'full', volume: location.id, name, replica, members, isPartial } as const;
    const { handle } = await server.openRestore(about);
    const report = await this.#send(handle, dump);
    await realmServer.publishVolume(location);
    return { volume: location.id, report };
  }

  async bringForward(volume: number, increment: Uint8Array): Promise<RestoreReport> {
    const { handle } = await this.#realm.server.openRestore({ kind: 'increment', volume, name: '' });
    return this.#send(handle, increment);
  }

  /** All of a volume but its number: objects with names, status and contents, and what the volume itself has. */
  state(volume: number): unknown {
    const tables = new VolumeTables(this.#metadata);
    // Which servers have it, and when it was set up, is not saved.
    const { members, settingsTime, ...kept } = tables.volume(volume) ?? raise('no volume');
    const isComplete = members.length === 1 && (settingsTime ?? 1) > 0;
    const record = { ...kept, isComplete, id: 0, replica: 0, name: '' };
    const objects = [...tables.vnodes(volume)].map((vnode) => ({
      ...this.#plain(vnode),
      names: [...tables.namesOf(vnode)].sort(),
    }));
    return { record, objects };
  }

  hasVolume(volume: number): boolean {
    return new VolumeTables(this.#metadata).volume(volume) !== undefined;
  }

  volumes(): number {
    return [...this.#metadata.table('volumes').all()].length;
  }

  /** What is not in order in the tables and containers of the server. */
  problems(): readonly string[] {
    const left = ['restoring', 'staged'].flatMap((name) => [...this.#metadata.table(name).all()]);
    const containers = join(serverDirectoryOf(this.#realm.directory), 'containers');
    return [...findProblems(this.#metadata, containers), ...left.map(() => 'something of a restore is left')];
  }

  async #send(handle: number, dump: Uint8Array): Promise<RestoreReport> {
    const { server } = this.#realm;
    try {
      for (let at = 0; at < dump.length; at += PIECE)
        await server.writeRestore({ handle, bytes: dump.subarray(at, at + PIECE) });
      return await server.finishRestore({ handle });
    } catch (error) {
      await server.abandonRestore({ handle });
      throw error;
    }
  }

  #plain(vnode: Vnode): object {
    const { fid, parent, ...rest } = vnode;
    const place = { vnode: fid.vnode, unique: fid.unique, parent: parent?.vnode };
    if (rest.type !== 'file') return { ...rest, ...place };
    const { container, ...file } = rest;
    return { ...file, ...place, contents: container === undefined ? '' : this.#hash(container) };
  }

  #hash(container: number): string {
    const number = container.toString(16).padStart(8, '0');
    const directory = Math.floor(container / 4096)
      .toString(16)
      .padStart(4, '0');
    const path = join(serverDirectoryOf(this.#realm.directory), 'containers', directory, number);
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  }
}

/** For each test of the file, the backup of its realm. To be used before the realm is. */
export function useBackup(realm: () => TestRealm): () => Backup {
  const open = Database.open.bind(Database);
  let metadata: Database | undefined;
  beforeEach(() => {
    Database.open = async (path) => {
      const database = await open(path);
      if (path.endsWith('metadata')) metadata ??= database;
      return database;
    };
  });
  afterEach(() => {
    metadata = undefined;
    Database.open = open;
  });
  return () => new Backup(realm(), metadata ?? raise('no metadata'));
}
