/** Which records of a cpio archive are further names of one file: cpio itself says no more than an inode number. */
import type { CpioHeader, CpioLayout } from './cpioHeader.ts';
import type { ArchiveEntry, FileEntry, HardlinkEntry } from './entry.ts';

/** Fewer than odc has inode numbers, so that a number used again is never taken for the file that had it before. */
const REMEMBERED = 200_000;
/** Names held back at once; any more become files of their own. */
const MAX_WITHHELD = 100_000;

interface Withheld {
  readonly entry: FileEntry;
  readonly offset: number;
}

/**
 * Venus puts the data first and its further names behind, without a usable link count (spec/cml.md, 8.1 and 8.5).
 * GNU cpio puts the names first and the data with the last of them.
 */
export class CpioLinks {
  readonly #layout: CpioLayout;
  /** Names of venus's files. */
  readonly #counted = new CountedNames();
  /** Names of the files of others, by device and inode. */
  readonly #names = new Map<string, string>();
  /** Names without data whose data may follow. */
  readonly #withheld = new Map<string, Withheld[]>();
  #withheldCount = 0;
  #ready: { readonly entry: ArchiveEntry; readonly offset: number }[] = [];
  #taken = 0;

  constructor(layout: CpioLayout) {
    this.#layout = layout;
  }

  /** @returns the entry as it is to be shown, or undefined while it is held back */
  see(header: CpioHeader, entry: ArchiveEntry, offset: number): ArchiveEntry | undefined {
    if (entry.type !== 'file') return entry;
    const { venusMajor, venusMinor } = this.#layout;
    const isVenus = header.major === venusMajor && header.minor === venusMinor;
    if (isVenus) return this.#seeCounted(header.inode, entry);
    if (header.links < 2) return entry;
    const key = `${header.major}/${header.minor}/${header.inode}`;
    const first = this.#names.get(key);
    if (entry.size === 0) {
      if (first !== undefined) return asLink(entry, first);
      if (this.#withheldCount < MAX_WITHHELD) {
        this.#withhold(key, { entry, offset });
        return undefined;
      }
    }
    this.#remember(key, entry.name);
    this.#release(key, entry.name);
    return entry;
  }

  #seeCounted(inode: number, entry: FileEntry): ArchiveEntry {
    const first = entry.size === 0 ? this.#counted.get(inode) : undefined;
    if (first !== undefined) return asLink(entry, first);
    this.#counted.set(inode, entry.name);
    return entry;
  }

  /** At the archive's end: what was held back and got no data is empty. */
  releaseAll(): void {
    for (const [key, [first]] of this.#withheld) {
      if (first === undefined) continue;
      this.#ready.push(first);
      this.#withheld.get(key)?.shift();
      this.#release(key, first.entry.name);
    }
  }

  /** An entry that was held back and is complete now. */
  takeReady(): { readonly entry: ArchiveEntry; readonly offset: number } | undefined {
    const next = this.#ready[this.#taken];
    this.#taken += 1;
    if (next !== undefined) return next;
    this.#ready = [];
    this.#taken = 0;
    return undefined;
  }

  #withhold(key: string, withheld: Withheld): void {
    this.#withheldCount += 1;
    const others = this.#withheld.get(key);
    if (others === undefined) this.#withheld.set(key, [withheld]);
    else others.push(withheld);
  }

  #release(key: string, name: string): void {
    const names = this.#withheld.get(key);
    if (names === undefined) return;
    this.#withheld.delete(key);
    this.#withheldCount -= names.length;
    for (const { entry, offset } of names) this.#ready.push({ entry: asLink(entry, name), offset });
  }

  #remember(key: string, name: string): void {
    if (this.#names.has(key)) this.#names.delete(key);
    this.#names.set(key, name);
    if (this.#names.size <= REMEMBERED) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      return;
    }
  }
}

/** Powers of two; the most are more than are remembered. */
const [FEWEST_SLOTS, MOST_SLOTS] = [2 ** 8, 2 ** 18];

/**
 * Names of files by the numbers that venus counts them with (spec/cml.md, 8.5). Each record of an archive has one, so that
 * a slot for each costs much less than a map.
 */
class CountedNames {
  #inodes = new Uint32Array(FEWEST_SLOTS);
  /** How many files had come when each one came. */
  #seen = new Uint32Array(FEWEST_SLOTS);
  #names: (string | undefined)[] = [];
  #first: number | undefined;
  #count = 0;

  get(inode: number): string | undefined {
    const slot = inode % this.#inodes.length;
    const isRemembered = this.#inodes[slot] === inode && this.#count - (this.#seen[slot] ?? 0) < REMEMBERED;
    return isRemembered ? this.#names[slot] : undefined;
  }

  set(inode: number, name: string): void {
    this.#first ??= inode;
    this.#makeRoom(inode < this.#first ? MOST_SLOTS : inode - this.#first + 1);
    this.#count += 1;
    this.#put(inode, this.#count, name);
  }

  #put(inode: number, seen: number, name: string | undefined): void {
    const slot = inode % this.#inodes.length;
    this.#inodes[slot] = inode;
    this.#seen[slot] = seen;
    this.#names[slot] = name;
  }

  /** As long as there are fewer than the most, no two numbers share a slot. */
  #makeRoom(needed: number): void {
    const [inodes, seen, names] = [this.#inodes, this.#seen, this.#names];
    if (needed <= inodes.length || inodes.length === MOST_SLOTS) return;
    let size = inodes.length;
    while (size < Math.min(needed, MOST_SLOTS)) size *= 2;
    this.#inodes = new Uint32Array(size);
    this.#seen = new Uint32Array(size);
    this.#names = new Array<string | undefined>(size);
    inodes.forEach((inode, slot) => {
      if (names[slot] !== undefined) this.#put(inode, seen[slot] ?? 0, names[slot]);
    });
  }
}

function asLink({ name, mode, uid, gid, modified }: FileEntry, target: string): HardlinkEntry {
  return { type: 'hardlink', name, mode, uid, gid, modified, target };
}
