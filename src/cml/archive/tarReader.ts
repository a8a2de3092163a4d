/** The members of tar archives: v7, ustar and pax, and GNU tar's long names (spec/cml.md, 5.4; quirks in 8). */
import { decodeText } from '../../ipc/text.ts';
import type { ByteWindow } from './byteWindow.ts';
import { paddingOf } from './cpioHeader.ts';
import type { ArchiveEntry, ArchiveFormat } from './entry.ts';
import { ArchiveError } from './errors.ts';
import { findMagic } from './findMagic.ts';
import type { HeaderReader, HeaderResult } from './member.ts';
import { readDecimal } from './numbers.ts';
import { MAX_EXTENSIONS, type PaxRecords, parsePaxRecords, parsePaxTime } from './pax.ts';
import { BLOCK, MAGIC_AT, type TarHeader, USTAR_MAGIC, isZero, parseTarHeader } from './tarHeader.ts';

/** What headers before an entry's own say about it. */
interface Extensions {
  records: PaxRecords | undefined;
  longName: string | undefined;
  longTarget: string | undefined;
}

export class TarReader implements HeaderReader {
  readonly format: ArchiveFormat;
  readonly #window: ByteWindow;

  constructor(window: ByteWindow, format: ArchiveFormat) {
    this.#window = window;
    this.format = format;
  }

  read(): HeaderResult {
    const offset = this.#window.position;
    const extensions: Extensions = { records: undefined, longName: undefined, longTarget: undefined };
    for (let at = 0; ;) {
      const header = this.#headerAt(at);
      if (header === 'end' || typeof header === 'number') return header;
      const data = at + BLOCK;
      if (!isExtension(header)) {
        const entry = entryOf(header, extensions, offset);
        this.#window.advance(data);
        const padding = entry.type === 'file' ? paddingOf(entry.size, BLOCK) : 0;
        return { entry, offset, dataStart: offset + data, padding };
      }
      at = data + header.size + paddingOf(header.size, BLOCK);
      if (at > MAX_EXTENSIONS)
        throw new ArchiveError('corrupt', offset, 'what belongs to a name is too long');
      if (this.#window.held < at) return at;
      takeIn(header, this.#window.view(at).subarray(data, data + header.size), extensions, offset);
    }
  }

  /** @returns `end` for the two blocks of zeros there */
  #headerAt(at: number): TarHeader | 'end' | number {
    const window = this.#window;
    if (window.held < at + BLOCK) return at + BLOCK;
    const header = parseTarHeader(window.bytes, window.start + at, window.words);
    if (header !== undefined) return header;
    const offset = window.position + at;
    const block = window.view(at + BLOCK).subarray(at);
    if (!isZero(block)) throw new ArchiveError('corrupt', offset, 'this is no tar header');
    if (window.held < at + 2 * BLOCK) return at + 2 * BLOCK;
    if (isZero(window.view(at + 2 * BLOCK).subarray(at))) return 'end';
    throw new ArchiveError('corrupt', offset, 'a block of zeros in the middle of the archive');
  }

  async findNext(except: number): Promise<boolean> {
    const isHeader = (bytes: Uint8Array) => parseTarHeader(bytes) !== undefined;
    if (this.format !== 'tar') {
      const pattern = { magics: [USTAR_MAGIC], magicAt: MAGIC_AT, headerSize: BLOCK, except, isHeader };
      return findMagic(this.#window, pattern);
    }
    // Without a magic only the checksum tells a header, at the places where one may be.
    const window = this.#window;
    await window.skip(Math.min(paddingOf(window.position, BLOCK), window.held));
    while (await window.fill(BLOCK)) {
      if (window.position !== except && isHeader(window.view(BLOCK))) return true;
      window.advance(BLOCK);
    }
    return false;
  }
}

/** Whether a header only says something about the next one. */
function isExtension({ type }: TarHeader): boolean {
  return type === 'g' || type === 'x' || type === 'L' || type === 'K';
}

function takeIn({ type }: TarHeader, data: Uint8Array, extensions: Extensions, offset: number): void {
  if (type === 'L') extensions.longName = untilNul(data);
  if (type === 'K') extensions.longTarget = untilNul(data);
  if (type !== 'x') return;
  extensions.records = parsePaxRecords(data);
  if (extensions.records === undefined) {
    throw new ArchiveError('corrupt', offset, 'these are no records of pax');
  }
}

function entryOf(header: TarHeader, extensions: Extensions, offset: number): ArchiveEntry {
  const { records } = extensions;
  const name = records?.get('path') ?? extensions.longName ?? header.name;
  const target = records?.get('linkpath') ?? extensions.longTarget ?? header.target;
  if (name === '' || name.includes('\0') || target.includes('\0')) {
    throw new ArchiveError('corrupt', offset, 'an entry without a proper name');
  }
  const { mode } = header;
  const uid = fromRecord(records, 'uid', readDecimal, offset) ?? header.uid;
  const gid = fromRecord(records, 'gid', readDecimal, offset) ?? header.gid;
  const modified = fromRecord(records, 'mtime', parsePaxTime, offset) ?? header.modified * 1000;
  // Spreading these facts would take as long as all the rest.
  switch (header.type) {
    case '0':
    case '7': {
      const size = sizeOf(header, records, offset);
      // Before ustar a directory was a file with a slash behind its name.
      return name.endsWith('/') && size === 0
        ? { type: 'directory', name: withoutSlash(name), mode, uid, gid, modified }
        : { type: 'file', name, mode, uid, gid, modified, size };
    }
    case '1':
      // In venus's archives the target has a slash in front that no name has (spec/cml.md, 8.1).
      return { type: 'hardlink', name, mode, uid, gid, modified, target: target.replace(/^\/+/, '') };
    case '2':
      return { type: 'symlink', name, mode, uid, gid, modified, target };
    case '5':
      return { type: 'directory', name: withoutSlash(name), mode, uid, gid, modified };
    default:
      throw new ArchiveError('unsupported', offset, `${name} is neither file, directory nor link`);
  }
}

function withoutSlash(name: string): string {
  return name.replace(/(?<=[^/])\/+$/, '');
}

function sizeOf(header: TarHeader, records: PaxRecords | undefined, offset: number): number {
  for (const key of records?.keys() ?? []) {
    if (key.startsWith('GNU.sparse.')) throw new ArchiveError('unsupported', offset, 'a file with holes');
  }
  return fromRecord(records, 'size', readDecimal, offset) ?? header.size;
}

function fromRecord(
  records: PaxRecords | undefined,
  key: string,
  parse: (text: string) => number | undefined,
  offset: number,
): number | undefined {
  const text = records?.get(key);
  if (text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined) throw new ArchiveError('corrupt', offset, `the record ${key} is no number`);
  return value;
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}
