/** The members of cpio archives, newc and odc (spec/cml.md, 5.4; quirks in 8). */
import { decodePart, decodeText } from '../../ipc/text.ts';
import type { ByteWindow } from './byteWindow.ts';
import {
  type CpioHeader,
  type CpioLayout,
  DIRECTORY_TYPE,
  FILE_TYPE,
  LINK_TYPE,
  TRAILER,
  TYPE_MASK,
  paddingOf,
} from './cpioHeader.ts';
import { CpioLinks } from './cpioLinks.ts';
import { type ArchiveEntry, MAX_NAME, PERMISSIONS } from './entry.ts';
import { ArchiveError } from './errors.ts';
import type { HeaderReader, HeaderResult, Member } from './member.ts';
import { findMagic } from './findMagic.ts';

export class CpioReader implements HeaderReader {
  readonly #window: ByteWindow;
  readonly #layout: CpioLayout;
  readonly #links: CpioLinks;
  #ended = false;

  constructor(window: ByteWindow, layout: CpioLayout) {
    this.#window = window;
    this.#layout = layout;
    this.#links = new CpioLinks(layout);
  }

  get format(): 'newc' | 'odc' {
    return this.#layout.format;
  }

  read(): HeaderResult {
    for (;;) {
      const withheld = this.#links.takeReady();
      if (withheld !== undefined) return { ...withheld, dataStart: this.#window.position, padding: 0 };
      if (this.#ended) return 'end';
      const result = this.#readMember();
      if (result !== undefined) return result;
    }
  }

  /** One record; undefined if it yields nothing yet. */
  #readMember(): Member | number | undefined {
    const { headerSize, alignment, parse } = this.#layout;
    const window = this.#window;
    const offset = window.position;
    if (window.held < headerSize) return headerSize;
    const { bytes, start } = window;
    const header = parse(bytes, start);
    if (header === undefined) throw new ArchiveError('corrupt', offset, 'this is no header of a cpio record');
    const nameEnd = headerSize + header.nameSize;
    const nameWhole = nameEnd + paddingOf(nameEnd, alignment);
    const type = header.mode & TYPE_MASK;
    const padding = paddingOf(header.size, alignment);
    // The target of a symbolic link is the record's data.
    const isLink = type === LINK_TYPE;
    if (isLink && header.size > MAX_NAME)
      throw new ArchiveError('corrupt', offset, 'the target of a link is too long');
    const whole = isLink ? nameWhole + header.size + padding : nameWhole;
    if (window.held < whole) return whole;
    const name = nameIn(bytes, start + headerSize, start + nameEnd, offset);
    window.advance(whole);
    if (type === 0 && name === TRAILER) {
      this.#ended = true;
      this.#links.releaseAll();
      return undefined;
    }
    const target = isLink
      ? decodeText(bytes.subarray(start + nameWhole, start + nameWhole + header.size))
      : '';
    const seen = this.#links.see(header, entryOf(header, name, target, offset), offset);
    return (
      seen && { entry: seen, offset, dataStart: offset + whole, padding: seen.type === 'file' ? padding : 0 }
    );
  }

  findNext(except: number): Promise<boolean> {
    const { headerSize, parse, magics } = this.#layout;
    return findMagic(this.#window, {
      magics,
      magicAt: 0,
      headerSize,
      except,
      isHeader: (bytes) => parse(bytes, 0) !== undefined,
    });
  }
}

function nameIn(bytes: Uint8Array, from: number, end: number, offset: number): string {
  let at = from;
  while (at < end && bytes[at] !== 0) at += 1;
  if (at === end - 1) return decodePart(bytes, from, at);
  throw new ArchiveError('corrupt', offset, 'a name does not end where it should');
}

function entryOf(header: CpioHeader, name: string, target: string, offset: number): ArchiveEntry {
  const { uid, gid, size } = header;
  const mode = header.mode & PERMISSIONS;
  const modified = header.modified * 1000;
  switch (header.mode & TYPE_MASK) {
    case FILE_TYPE:
      return { type: 'file', name, mode, uid, gid, modified, size };
    case DIRECTORY_TYPE:
      if (size !== 0) throw new ArchiveError('corrupt', offset, 'a directory with data');
      return { type: 'directory', name, mode, uid, gid, modified };
    case LINK_TYPE:
      return { type: 'symlink', name, mode, uid, gid, modified, target };
    default:
      throw new ArchiveError('unsupported', offset, `${name} is neither file, directory nor link`);
  }
}
