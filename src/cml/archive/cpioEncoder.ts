/** Writes newc and odc as venus does (spec/cml.md, 5.4). */
import { concatBytes, encodeText } from '../../ipc/text.ts';
import {
  type CpioLayout,
  DIRECTORY_TYPE,
  FILE_TYPE,
  LINK_TYPE,
  TRAILER,
  newc,
  paddingOf,
} from './cpioHeader.ts';
import type { Encoder } from './encoder.ts';
import { type ArchiveEntry, MAX_NAME } from './entry.ts';
import { ArchiveLimitError } from './errors.ts';

/** The whole archive is a multiple of this. */
const BLOCK = 512;
const [NEWC_MAX, ODC_MAX, ODC_SMALL_MAX] = [0xffffffff, 0o77777777777, 0o777777];
/** What venus writes for a uid that odc has no room for. */
const NOBODY = 65534;

/** The numbers of a record. */
interface CpioRecord {
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly modified: number;
  readonly size: number;
}

export class CpioEncoder implements Encoder {
  readonly #layout: CpioLayout;
  /** Hard links are told by the inode numbers of their files. */
  readonly #inodes = new Map<string, number>();
  #lastInode = 0;

  constructor(layout: CpioLayout) {
    this.#layout = layout;
  }

  start(): Uint8Array {
    return new Uint8Array();
  }

  header(entry: ArchiveEntry, links: number): Uint8Array {
    const target = entry.type === 'symlink' ? encodeText(entry.target) : new Uint8Array();
    const size = entry.type === 'file' ? entry.size : target.length;
    this.#checkFits(entry, size);
    const { mode, uid, gid } = entry;
    const record = {
      inode: this.#inodeOf(entry),
      mode: typeBits(entry) | mode,
      uid: this.#layout === newc || uid <= ODC_SMALL_MAX ? uid : NOBODY,
      gid: this.#layout === newc || gid <= ODC_SMALL_MAX ? gid : NOBODY,
      links: entry.type === 'hardlink' ? 2 : links,
      modified: Math.floor(entry.modified / 1000),
      size,
    };
    const padding = new Uint8Array(this.padding(target.length));
    return concatBytes([this.#record(record, encodeText(entry.name)), target, padding]);
  }

  padding(size: number): number {
    return paddingOf(size, this.#layout.alignment);
  }

  end(length: number): Uint8Array {
    const record = { inode: 0, mode: 0, uid: 0, gid: NOBODY, links: 1, modified: 0, size: 0 };
    const trailer = this.#record(record, encodeText(TRAILER));
    return concatBytes([trailer, new Uint8Array(paddingOf(length + trailer.length, BLOCK))]);
  }

  #record(record: CpioRecord, name: Uint8Array): Uint8Array {
    const format = this.#layout === newc ? formatNewc : formatOdc;
    const header = encodeText(format(record, name.length + 1));
    const padding = this.padding(header.length + name.length + 1);
    return concatBytes([header, name, new Uint8Array(1 + padding)]);
  }

  #inodeOf(entry: ArchiveEntry): number {
    if (entry.type === 'hardlink') {
      const inode = this.#inodes.get(entry.target);
      if (inode !== undefined) return inode;
      throw this.#refusal(entry, `the file ${entry.target} that it is a name of does not come before it`);
    }
    this.#lastInode = this.#layout === newc ? this.#lastInode + 1 : (this.#lastInode % ODC_SMALL_MAX) + 1;
    if (entry.type === 'file') this.#inodes.set(entry.name, this.#lastInode);
    return this.#lastInode;
  }

  #checkFits(entry: ArchiveEntry, size: number): void {
    const most = this.#layout === newc ? NEWC_MAX : ODC_MAX;
    const seconds = entry.modified / 1000;
    const nameSize = encodeText(entry.name).length;
    if (size > most) throw this.#refusal(entry, `${size} bytes are more than the ${most} there is room for`);
    if (nameSize === 0 || nameSize > MAX_NAME || entry.name.includes('\0')) {
      throw this.#refusal(entry, 'the name is empty, too long or contains a NUL');
    }
    if (entry.type === 'symlink' && size > MAX_NAME) throw this.#refusal(entry, 'its target is too long');
    if (entry.name === TRAILER) throw this.#refusal(entry, 'this name means the end of the archive');
    if (seconds < 0 || seconds >= most + 1) throw this.#refusal(entry, 'its time lies too far off');
    if (this.#layout === newc && Math.max(entry.uid, entry.gid) > NEWC_MAX) {
      throw this.#refusal(entry, 'its owner has too large a number');
    }
  }

  #refusal(entry: ArchiveEntry, what: string): ArchiveLimitError {
    return new ArchiveLimitError(this.#layout.format, entry.name, what);
  }
}

function typeBits({ type }: ArchiveEntry): number {
  switch (type) {
    case 'file':
    case 'hardlink':
      return FILE_TYPE;
    case 'directory':
      return DIRECTORY_TYPE;
    case 'symlink':
      return LINK_TYPE;
  }
}

function formatNewc(record: CpioRecord, nameSize: number): string {
  const { inode, mode, uid, gid, links, modified, size } = record;
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
  const device = 'C0DAC0DA'.repeat(2);
  const first = [inode, mode, uid, gid, links, modified, size].map(hex).join('');
  return `070701${first}${device}${[0, 0, nameSize, 0].map(hex).join('')}`;
}

function formatOdc(record: CpioRecord, nameSize: number): string {
  const { inode, mode, uid, gid, links, modified, size } = record;
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  const first = [inode, mode, uid, gid, links, 0].map((value) => octal(value, 6)).join('');
  return `070707140332${first}${octal(modified, 11)}${octal(nameSize, 6)}${octal(size, 11)}`;
}
