import { VenusError } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { encodeText } from '../../../ipc/text.ts';
import type { EntryRecord } from '../../net/fileProtocol.ts';
import { isAway } from '../vsg/poll.ts';
import type { NamedSide } from './differences.ts';
import type { VolumeServers } from './volumeServers.ts';

/** Entries in a message. */
const PAGE = 500;

/** A name of a directory, and what it stands for at each server that lists the directory. */
export interface NameRow {
  readonly name: string;
  readonly sides: readonly NamedSide[];
}

/** A server that does not list a directory, and why. */
export interface Unlisted {
  readonly server: string;
  readonly errno: number;
}

/**
 * The names of a directory at several servers, in the order of their bytes, each once. A server that refuses, or is lost on
 * the way, is left out from then on.
 * @param refused told of those that refuse
 */
export async function* mergedNames(
  servers: VolumeServers,
  directory: Fid,
  names: readonly string[],
  refused: (unlisted: Unlisted) => void,
): AsyncGenerator<NameRow> {
  const listings = names.map((server) => new Listing(servers, server, directory));
  for (;;) {
    await Promise.all(listings.map((listing) => listing.look(refused)));
    const open = listings.filter(({ isListed }) => isListed);
    const least = open.reduce<Head | undefined>(
      (found, { head }) => (!found || (head && compareBytes(head.bytes, found.bytes) < 0) ? head : found),
      undefined,
    );
    if (!least) return;
    const { name } = least.entry;
    yield {
      name,
      sides: open.map((listing) => ({ server: listing.server, entry: listing.take(name) })),
    };
  }
}

interface Head {
  readonly entry: EntryRecord;
  readonly bytes: Uint8Array;
}

/** A directory at one server, a page at a time; the next page is asked for while this one is used. */
class Listing {
  readonly server: string;
  /** Whether all of it could be listed so far. */
  isListed = true;
  head: Head | undefined;
  readonly #servers: VolumeServers;
  readonly #directory: Fid;
  #page: readonly EntryRecord[] = [];
  #at = 0;
  #next: Promise<readonly EntryRecord[] | Error> | undefined;

  constructor(servers: VolumeServers, server: string, directory: Fid) {
    this.server = server;
    this.#servers = servers;
    this.#directory = directory;
    this.#next = this.#read(undefined);
  }

  /** Sees to it that there is a head, unless the end has come. */
  async look(refused: (unlisted: Unlisted) => void): Promise<void> {
    if (this.head || !this.isListed) return;
    if (this.#at === this.#page.length && this.#next) {
      const page = await this.#next;
      if (page instanceof Error) {
        this.#end(page, refused);
        return;
      }
      const last = page.at(-1)?.name;
      this.#next = page.length < PAGE || last === undefined ? undefined : this.#read(last);
      [this.#page, this.#at] = [page, 0];
    }
    const entry = this.#page[this.#at];
    if (!entry) return;
    this.#at += 1;
    this.head = { entry, bytes: encodeText(entry.name) };
  }

  /** The entry by a name, if it is the next one. */
  take(name: string): EntryRecord | undefined {
    if (this.head?.entry.name !== name) return undefined;
    const { entry } = this.head;
    this.head = undefined;
    return entry;
  }

  /** Fails only when it is looked at, which may be later. */
  #read(after: string | undefined): Promise<readonly EntryRecord[] | Error> {
    return this.#servers
      .page(this.server, this.#directory, after, PAGE)
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  }

  #end(error: Error, refused: (unlisted: Unlisted) => void): void {
    if (!(error instanceof VenusError)) throw error;
    this.isListed = false;
    // What has gone meanwhile is found where its name is compared.
    if (!isAway(error) && !error.is('ENOENT')) refused({ server: this.server, errno: error.errno });
  }
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  return Buffer.compare(one, other);
}
