import { UnsupportedError } from '../../ipc/errors.ts';
import { SocketBackend } from '../../repair/socketBackend.ts';
import type { Context } from '../context.ts';
import type { RepairPlace } from './repairCommand.ts';

/** The sessions of the venus in use. @throws UnsupportedError for one that has none */
export async function openPlace(context: Context): Promise<RepairPlace> {
  const files = () => context.files();
  if (context.address().kind === 'mount')
    throw new UnsupportedError('repair: not at a mounted Coda yet', {
      why: 'Its venus keeps no sessions that can be aborted, and cannot preserve what was stored.',
      next: 'Look at the mutations with cfs listlocal, and drop the first with cfs discardlocal or all with cfs purgeml.',
    });
  return { backend: new SocketBackend(await context.http('repair'), files), files };
}
