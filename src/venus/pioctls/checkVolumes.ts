import { checkVolumes } from '../../ipc/calls/checkVolumes.ts';
import { handler } from './handler.ts';

/** The realm is asked again about each volume when somebody gets to it. */
export const checkVolumesHandler = handler(checkVolumes, ({ session }) => {
  session.client.locations.forget();
  return Promise.resolve();
});
