import { UnsupportedError } from '../../ipc/errors.ts';
import type { Context } from '../context.ts';
import type { RepairPlace } from './repairCommand.ts';

/** The backend for the venus in use. @throws UnsupportedError for one that has no repair sessions */
export function openBackend(context: Context): Promise<RepairPlace> {
  const { kind } = context.address();
  return Promise.reject(
    new UnsupportedError('repair: this venus keeps no repair sessions', {
      why: `No way is known to settle a local/global conflict at ${kind === 'mount' ? 'a mounted Coda' : 'this venus'}.`,
      next: 'Look at the mutations with cfs listlocal, and drop the first with cfs discardlocal or all with cfs purgeml.',
    }),
  );
}
