import type { Damage } from '../dump/errors.ts';
import { type DumpCounters, type HeaderRecord, kindOf } from '../dump/record.ts';
import { counted } from '../term/counted.ts';
import { formatSize } from '../term/size.ts';

/** `full dump of u.jan (7f000001) of coda.local at s1, made 2026-11-21T12:00:00.000Z`. */
export function describeHeader(header: HeaderRecord): string {
  const { volume, realm, server, created, base } = header;
  const kind = base ? `increment (upon ${hex(base.id)})` : 'full dump';
  return `${kind} of ${volume.name} (${hex8(volume.id)}) of ${realm} at ${server}, made ${isoTime(created)}, id ${hex(header.id)}`;
}

/** `3 directories, 12 files, 1 link, 9.0 GiB of contents (8.9 GiB of it holes)`. */
export function describeCounters(counters: DumpCounters): string {
  const { directories, files, symlinks, removed, dataBytes, holeBytes } = counters;
  const holes = holeBytes === 0n ? '' : ` (${formatSize(holeBytes)} of it holes)`;
  return [
    counted(directories, 'directory', 'directories'),
    counted(files, 'file', 'files'),
    counted(symlinks, 'link', 'links'),
    ...(removed === 0n ? [] : [`${removed} removed`]),
    `${formatSize(dataBytes + holeBytes)} of contents${holes}`,
  ].join(', ');
}

export function describeDamage({ offset, length, what }: Damage): string {
  const stretch = length === 0n ? `byte ${offset}` : `bytes ${offset} to ${offset + length - 1n}`;
  return `damaged at ${stretch}: ${what}`;
}

/** The header as it stands in `--json`. */
export function headerToJson(header: HeaderRecord): object {
  const { id, created, realm, server, volume, base } = header;
  return {
    id: hex(id),
    kind: kindOf(header),
    ...(base ? { base: hex(base.id) } : {}),
    volume: {
      id: hex8(volume.id),
      name: volume.name,
      maxQuota: volume.maxQuota,
      blocksUsed: volume.blocksUsed,
    },
    realm,
    server,
    created: isoTime(created),
  };
}

export function hex8(id: number): string {
  return id.toString(16).padStart(8, '0');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** ISO 8601; what no calendar has is shown as it is. */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}
