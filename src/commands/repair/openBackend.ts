import { UnsupportedError } from '../../ipc/errors.ts';
import { VenusBackend } from '../../repair/venusBackend.ts';
import type { Context } from '../context.ts';
import type { RepairPlace } from './repairCommand.ts';

/** The sessions of the venus in use. @throws UnsupportedError for one that has none */
export async function openBackend(context: Context): Promise<RepairPlace> {
  if (context.address().kind === 'mount')
    throw new UnsupportedError('repair: not at a mounted Coda yet', {
      why: 'Its venus keeps no sessions that can be aborted, and cannot preserve what was stored.',
      next: 'Look at the mutations with cfs listlocal, and throw them all away, after a copy, with cfs purgeml.',
    });
  const files = await context.files();
  return {
    backend: new VenusBackend(await context.http('repair'), files),
    files: () => Promise.resolve(files),
  };
}
