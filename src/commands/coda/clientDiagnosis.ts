import type { ClientReport } from '../../ipc/insight.ts';
import { ExitStatus } from '../exitStatus.ts';
import type { Finding } from './finding.ts';

/** The part of a cache that unsent files may take before it is said. */
const NEARLY_FULL = 0.8;
/** Bytes on the disk of the cache below which hardly anything can be stored. */
const LITTLE_DISK = 4 * 1024 * 1024;

/** What keeps a client as a whole from working, apart from its logs. */
export function diagnoseClient({ cache, disk }: ClientReport): readonly Finding[] {
  const found: Finding[] = [];
  if (cache.refused !== undefined || cache.unsent > cache.capacity * NEARLY_FULL) {
    const refused =
      cache.refused === undefined
        ? ''
        : `, and a file of at least ${cache.refused} bytes found no room any more`;
    found.push({
      cause: 'cache-full',
      why: `Files that are not on the servers yet take ${cache.unsent} of the ${cache.capacity} bytes of the cache${refused}. They stay until they are sent.`,
      next: 'cfs forcereintegrate; for a larger cache: coda down, then coda up --cache-size SIZE',
      status: ExitStatus.Failed,
    });
  }
  if (disk.free < LITTLE_DISK) {
    found.push({
      cause: 'disk-full',
      why: `The disk that holds the cache, ${disk.directory}, has ${disk.free} bytes left: hardly anything can be stored or fetched.`,
      next: `Make room on it: df ${disk.directory}`,
      status: ExitStatus.Failed,
    });
  }
  return found;
}
