import { UnsupportedError } from '../../ipc/errors.ts';
import type { RepairBackend } from '../../repair/backend.ts';
import { VenusBackend } from '../../repair/venusBackend.ts';
import type { Context } from '../context.ts';

/** The backend for the venus in use. @throws UnsupportedError for one that has no repair sessions */
export async function openBackend(context: Context): Promise<RepairBackend> {
  if (context.address().kind === 'mount')
    throw new UnsupportedError('repair: this venus keeps no repair sessions', {
      why: 'No way is known to settle a local/global conflict at a mounted Coda.',
      next: 'Look at the mutations with cfs listlocal, and drop the first with cfs discardlocal or all with cfs purgeml.',
    });
  return new VenusBackend(await context.http('repair'), await context.files());
}
