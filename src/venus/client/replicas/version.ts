import type { Version } from '../../../ipc/repairs.ts';
import type { ObjectStatus } from '../../net/fileProtocol.ts';

/** What servers say of an object, or that they do not have it. @param place where it is found in the expanded object */
export function toVersion(place: string, host: string, status: ObjectStatus | undefined): Version {
  if (!status) return { place, host, type: 'none', length: 0, mode: 0, ownerName: '', modified: 0 };
  const { type, length, mode, ownerName, modified, target } = status;
  return {
    place,
    host,
    type,
    length,
    mode,
    ownerName,
    modified,
    ...(target === undefined ? {} : { target }),
  };
}
