/** Writes tar, ustar and pax (spec/cml.md, 5.4). */
import { concatBytes, encodeText, hasEscapedBytes } from '../../ipc/text.ts';
import { paddingOf } from './cpioHeader.ts';
import type { Encoder } from './encoder.ts';
import { type ArchiveEntry, MAX_NAME } from './entry.ts';
import { ArchiveLimitError } from './errors.ts';
import { formatPaxRecords, formatPaxTime } from './pax.ts';
import { MAX_LARGE, MAX_SMALL, NAME_SIZE, type TarBlock, formatTarBlock, splitName } from './tarBlock.ts';
import { BLOCK } from './tarHeader.ts';

const EMPTY = new Uint8Array();
const fileTypes = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;
/** Of blocks that only hold records. */
const recordFacts = { mode: 0o644, uid: 0, gid: 0, modified: 0, prefix: EMPTY, target: EMPTY } as const;

/** What an entry is to have in a header. */
interface Wanted {
  readonly name: Uint8Array;
  readonly target: Uint8Array;
  readonly size: number;
  /** Seconds since 1970, with the fraction that pax can hold. */
  readonly seconds: number;
}

export class TarEncoder implements Encoder {
  readonly #format: 'tar' | 'ustar' | 'pax';

  constructor(format: 'tar' | 'ustar' | 'pax') {
    this.#format = format;
  }

  /** Says what the archive is, so that it is known as pax even where no entry needs records. */
  start(): Uint8Array {
    if (this.#format !== 'pax') return EMPTY;
    return recordBlocks('g', encodeText('pax_global_header'), new Map([['comment', 'Coda checkpoint']]));
  }

  header(entry: ArchiveEntry): Uint8Array {
    const wanted = wantedOf(entry);
    if (encodeText(entry.name).length > MAX_NAME || wanted.target.length > MAX_NAME || isOdd(entry)) {
      throw this.#refusal(entry, 'the name or target is empty, too long or contains a NUL');
    }
    return this.#format === 'pax' ? paxHeader(entry, wanted) : this.#classicHeader(entry, wanted);
  }

  padding(size: number): number {
    return paddingOf(size, BLOCK);
  }

  end(): Uint8Array {
    return new Uint8Array(2 * BLOCK);
  }

  #classicHeader(entry: ArchiveEntry, { name, target, size, seconds }: Wanted): Uint8Array {
    const isUstar = this.#format === 'ustar';
    // Without a magic, readers take a name to end with a NUL.
    const room = isUstar ? NAME_SIZE : NAME_SIZE - 1;
    const split = isUstar ? splitName(name) : name.length <= room ? { name, prefix: EMPTY } : undefined;
    if (split === undefined)
      throw this.#refusal(entry, `its name has ${name.length} bytes, which do not fit`);
    if (target.length > room) throw this.#refusal(entry, `its target has ${target.length} bytes`);
    if (size > MAX_LARGE) throw this.#refusal(entry, `it has ${size} bytes; there is room for ${MAX_LARGE}`);
    if (seconds < 0 || seconds >= MAX_LARGE + 1) throw this.#refusal(entry, 'its time lies too far off');
    const { mode, uid, gid } = entry;
    if (Math.max(uid, gid) > MAX_SMALL) throw this.#refusal(entry, 'its owner has too large a number');
    const type = fileTypes[entry.type];
    const modified = Math.floor(seconds);
    return formatTarBlock({ ...split, mode, uid, gid, size, modified, type, target }, isUstar);
  }

  #refusal(entry: ArchiveEntry, what: string): ArchiveLimitError {
    return new ArchiveLimitError(this.#format, entry.name, what);
  }
}

function isOdd(entry: ArchiveEntry): boolean {
  const target = 'target' in entry ? entry.target : '';
  return entry.name === '' || `${entry.name}${target}`.includes('\0');
}

function wantedOf(entry: ArchiveEntry): Wanted {
  return {
    name: encodeText(entry.type === 'directory' ? `${entry.name}/` : entry.name),
    target: 'target' in entry ? encodeText(entry.target) : EMPTY,
    size: entry.type === 'file' ? entry.size : 0,
    seconds: entry.modified / 1000,
  };
}

/** A ustar header, before it the records for what does not fit there. */
function paxHeader(entry: ArchiveEntry, { name, target, size, seconds }: Wanted): Uint8Array {
  const records = new Map<string, string>();
  const split = splitName(name);
  const { mode, uid, gid, modified } = entry;
  if (split === undefined) records.set('path', entry.type === 'directory' ? `${entry.name}/` : entry.name);
  if (target.length > NAME_SIZE && 'target' in entry) records.set('linkpath', entry.target);
  if (size > MAX_LARGE) records.set('size', String(size));
  if (uid > MAX_SMALL) records.set('uid', String(uid));
  if (gid > MAX_SMALL) records.set('gid', String(gid));
  const plainTime = Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_LARGE;
  if (!plainTime) records.set('mtime', formatPaxTime(modified));
  if ([...records.values()].some(hasEscapedBytes)) records.set('hdrcharset', 'BINARY');
  const fields: TarBlock = {
    ...(split ?? { name: name.subarray(0, NAME_SIZE), prefix: EMPTY }),
    mode,
    uid: uid > MAX_SMALL ? 0 : uid,
    gid: gid > MAX_SMALL ? 0 : gid,
    size: size > MAX_LARGE ? 0 : size,
    modified: plainTime ? seconds : 0,
    type: fileTypes[entry.type],
    target: target.subarray(0, NAME_SIZE),
  };
  const header = formatTarBlock(fields, true);
  return records.size === 0 ? header : concatBytes([recordBlocks('x', name, records), header]);
}

function recordBlocks(type: string, name: Uint8Array, records: ReadonlyMap<string, string>): Uint8Array {
  const bytes = formatPaxRecords(records);
  const fields = { ...recordFacts, name: name.subarray(0, NAME_SIZE), type, size: bytes.length };
  return concatBytes([formatTarBlock(fields, true), bytes, new Uint8Array(paddingOf(bytes.length, BLOCK))]);
}
