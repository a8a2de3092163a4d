import type { Fid } from '../../ipc/fid.ts';
import type { FileType } from '../../ipc/venus.ts';
import { fail } from '../fail.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote } from '../net/link.ts';
import type { Database, Table, Writer } from '../store/database.ts';
import { key } from '../store/keys.ts';
import type { FidBlock } from '../tree/vnodes.ts';

/** Fids of each type in a block, unless it is said. */
const COUNT = 2 ** 18;

/** The fids that the servers have set aside for the objects that a client makes, connected or not. */
export class FidPool {
  readonly #database: Database;
  readonly #blocks: Table<FidBlock>;
  readonly #serverOf: (volume: number) => Promise<Remote<FileProtocol>>;
  readonly #count: number;
  /** Under way: one block is enough for all that wait, and no server has many. */
  readonly #reserving = new Map<number, Promise<void>>();

  constructor(
    database: Database,
    serverOf: (volume: number) => Promise<Remote<FileProtocol>>,
    count = COUNT,
  ) {
    this.#count = count;
    this.#database = database;
    this.#blocks = database.table('fids');
    this.#serverOf = serverOf;
  }

  /** Sees to it that there are fids for a volume. @throws VenusError ETIMEDOUT if there are none and no server answers */
  async provide(volume: number): Promise<void> {
    if (this.#blocks.get(key(volume))) return;
    const reserving = this.#reserving.get(volume) ?? this.#reserve(volume);
    this.#reserving.set(volume, reserving);
    await reserving.finally(() => this.#reserving.delete(volume));
  }

  async #reserve(volume: number): Promise<void> {
    const server = await this.#serverOf(volume);
    const block = await server.call('reserveFids', { volume, count: this.#count });
    await this.#database.transaction((writer) => writer.put(this.#blocks, key(volume), block));
  }

  /** The next fid. It is used up when the transaction is done. */
  next(writer: Writer, volume: number, type: FileType): Fid {
    const block = this.#blocks.get(key(volume)) ?? fail('EAGAIN');
    const { directory, file, unique, count } = block;
    const isDirectory = type === 'directory';
    const next = {
      ...block,
      unique: unique + 1,
      count: count - 1,
      ...(isDirectory ? { directory: directory + 2 } : { file: file + 2 }),
    };
    if (next.count === 0) writer.remove(this.#blocks, key(volume));
    else writer.put(this.#blocks, key(volume), next);
    return { volume, vnode: isDirectory ? directory : file, unique };
  }
}
