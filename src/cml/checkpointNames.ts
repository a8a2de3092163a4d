/** What the files of a checkpoint are called (spec/cml.md, 5.2). */
import type { ArchiveFormat } from './archive/entry.ts';

/** Whose log a checkpoint is of. */
export interface CheckpointOwner {
  /** Local uid of the log's owner. */
  readonly uid: number;
  readonly realm: string;
  readonly volume: string;
}

const OLD = '.old';
const archiveExtensions = ['.tar', '.cpio'] as const;
const LOG = '.cml';

/** `REALM_VOLUME`, without the characters that would mean something in a path. */
export function checkpointName({ realm, volume }: CheckpointOwner): string {
  return `${realm}_${volume}`.replace(/[:/|@]/g, '_');
}

/** With its dot. */
export function archiveExtension(format: ArchiveFormat): (typeof archiveExtensions)[number] {
  return format === 'newc' || format === 'odc' ? '.cpio' : '.tar';
}

/** Extensions that an archive of another format would have. */
export function otherExtensions(format: ArchiveFormat): readonly string[] {
  return archiveExtensions.filter((extension) => extension !== archiveExtension(format));
}

/** The .cml text that belongs to an archive, by its name; undefined for a name that is no checkpoint's. */
export function logPathOf(archive: string): string | undefined {
  const [, base, old = ''] = /^(.*)\.(?:tar|cpio)(\.old)?$/s.exec(archive) ?? [];
  return base === undefined ? undefined : `${base}${LOG}${old}`;
}

/** Takes a file's name apart; undefined for a name that is no checkpoint's. */
export function parseCheckpointFile(
  file: string,
): { readonly name: string; readonly kind: 'archive' | 'log'; readonly isOld: boolean } | undefined {
  const [, name, extension, old] = /^([^.].*)\.(tar|cpio|cml)(\.old)?$/s.exec(file) ?? [];
  if (name === undefined) return undefined;
  return { name, kind: extension === 'cml' ? 'log' : 'archive', isOld: old === OLD };
}
