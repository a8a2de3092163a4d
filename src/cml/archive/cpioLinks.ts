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

/** More than are remembered, and a power of two. */
const SLOTS = 2 ** 18;

interface Slots {
  readonly inodes: Uint32Array;
  /** How many files had come when this one came. */
  readonly seen: Uint32Array;
  readonly names: (string | undefined)[];
}

/**
 * Names of files by the numbers that venus counts them with (spec/cml.md, 8.5). Each record of an archive has one, so that
 * a slot for each costs much less than a map.
 */
class CountedNames {
  #slots: Slots | undefined;
  #count = 0;

  get(inode: number): string | undefined {
    const slot = inode % SLOTS;
    const { inodes, seen, names } = this.#slots ?? {};
    const isRemembered = inodes?.[slot] === inode && this.#count - (seen?.[slot] ?? 0) < REMEMBERED;
    return isRemembered ? names?.[slot] : undefined;
  }

  set(inode: number, name: string): void {
    this.#slots ??= {
      inodes: new Uint32Array(SLOTS),
      seen: new Uint32Array(SLOTS),
      names: new Array<string | undefined>(SLOTS),
    };
    const { inodes, seen, names } = this.#slots;
    const slot = inode % SLOTS;
    this.#count += 1;
    inodes[slot] = inode;
    seen[slot] = this.#count;
    names[slot] = name;
  }
}

function asLink({ name, mode, uid, gid, modified }: FileEntry, target: string): HardlinkEntry {
  return { type: 'hardlink', name, mode, uid, gid, modified, target };
}
