import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import { ROOT_VOLUME } from '../cacheManager.ts';
import type { CacheManager } from '../cacheManager.ts';
import { LocalView } from './cacheView.ts';
import { lookUp } from './expansion.ts';
import { LookupFailure } from './view.ts';

/**
 * What a path from the Coda root leads to, from what is known here, without asking anybody.
 * @throws VenusError ENOENT if that does not lead to it
 */
export async function knownPlace(client: CacheManager, path: string): Promise<Fid> {
  const [realm, ...components] = path.split('/').filter((name) => name !== '' && name !== '.');
  const volume = client.knownVolume(ROOT_VOLUME);
  if (realm !== client.realm.name || volume === undefined) return fail('ENOENT');
  try {
    return await lookUp(new LocalView(client), realm, volume, components);
  } catch (error) {
    if (error instanceof LookupFailure) return fail('ENOENT', 'It is not known here.');
    throw error;
  }
}
