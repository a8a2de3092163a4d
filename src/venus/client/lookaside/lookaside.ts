import { stat } from 'node:fs/promises';
import { diskPath } from '../../../cml/diskPath.ts';
import { systemCode } from '../../../disk/systemCode.ts';
import { LookasidePlace, type Sink } from './place.ts';

/** Why a place cannot be added, in the words of real venus (spec/cfs.md, 6.5). */
export class LookasideError extends Error {}

/** Places of this machine where contents are looked for before they are fetched. They are forgotten when venus ends. */
export class Lookaside {
  /** The one that was added last comes first. */
  #places: readonly LookasidePlace[] = [];

  get places(): readonly LookasidePlace[] {
    return this.#places;
  }

  /** @throws LookasideError */
  async add(path: string): Promise<LookasidePlace> {
    if (!path.startsWith('/')) throw new LookasideError('dbpathname not an absolute path');
    const place = await indexed(path);
    this.#places = [place, ...this.#places];
    return place;
  }

  /** Takes one place with this path out. @returns whether there was one */
  remove(path: string): boolean {
    const gone = this.#places.find((place) => place.path === path);
    this.#places = this.#places.filter((place) => place !== gone);
    return gone !== undefined;
  }

  clear(): void {
    this.#places = [];
  }

  /**
   * Copies contents, if they are at one of the places.
   * @param digest asks the server for the SHA-256 of them, in hexadecimal digits; only where some file has their length
   */
  async copy(length: number, digest: () => Promise<string>, sink: Sink): Promise<boolean> {
    const places = this.#places.filter((place) => place.hasLength(length));
    if (places.length === 0) return false;
    const sha256 = await digest();
    for (const place of places) if (await place.copy(length, sha256, sink)) return true;
    return false;
  }
}

async function indexed(path: string): Promise<LookasidePlace> {
  try {
    const isDirectory = (await stat(diskPath(path))).isDirectory();
    if (isDirectory) return await LookasidePlace.index(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new LookasideError(`dbopen(${path}) failed`, { cause: error });
  }
  // A database of real venus's.
  throw new LookasideError(`${path}: malformed lookaside database; can't find descriptor record`);
}
