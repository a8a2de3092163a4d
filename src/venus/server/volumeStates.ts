import { statfsSync } from 'node:fs';
import { Right } from '../../acl/rights.ts';
import { encodeText } from '../../ipc/text.ts';
import type { FileProtocol, NewVolume, VolumeAnswer } from '../net/fileProtocol.ts';
import { requireRights } from '../tree/access.ts';
import { ROOT_VNODE, type Vnodes } from '../tree/vnodes.ts';
import { fail } from '../fail.ts';
import type { Identities } from './identities.ts';
import { makeVolume } from './operations/makeVolume.ts';
import { volumeAnswer } from './volumeAnswer.ts';

type Request<Name extends keyof FileProtocol> = FileProtocol[Name]['request'];

export interface VolumeStatesOptions {
  /** On the disk whose room counts. */
  readonly directory: string;
  readonly vnodes: Vnodes;
  readonly identities: Identities;
  readonly now: () => number;
}

/** The volumes of a file server: their making, quotas, messages and room. */
export class VolumeStates {
  readonly #options: VolumeStatesOptions;

  constructor(options: VolumeStatesOptions) {
    this.#options = options;
  }

  /** @throws VenusError EACCES for all but administrators and those who may read the root; ENXIO */
  get({ credentials, volume }: Request<'getVolumeStatus'>): VolumeAnswer {
    const { vnodes, identities } = this.#options;
    const root = vnodes.directory({ volume, vnode: ROOT_VNODE, unique: ROOT_VNODE });
    const identity = identities.of(credentials);
    if (!identity.administrator) requireRights(root, identity, Right.Read);
    return this.describe(volume);
  }

  /** Changes what is given. @throws VenusError EACCES for all but administrators; ENXIO */
  async set(request: Request<'setVolumeStatus'>): Promise<VolumeAnswer> {
    const { credentials, volume, minQuota, maxQuota, offlineMessage, messageOfTheDay } = request;
    const { vnodes, identities, now } = this.#options;
    if (!identities.of(credentials).administrator) fail('EACCES', 'Only System:Administrators set quotas.');
    await vnodes.database.transaction((writer) => {
      const present = vnodes.volume(volume);
      vnodes.putVolume(writer, {
        ...present,
        settingsTime: Math.max(now(), (present.settingsTime ?? 0) + 1),
        ...(minQuota === undefined ? {} : { minQuota }),
        ...(maxQuota === undefined ? {} : { maxQuota }),
        ...(offlineMessage === undefined ? {} : { offlineMessage: encodeText(offlineMessage) }),
        ...(messageOfTheDay === undefined ? {} : { messageOfTheDay: encodeText(messageOfTheDay) }),
      });
    });
    return this.describe(volume);
  }

  /** @throws VenusError ENXIO if the volume is not here */
  describe(volume: number): VolumeAnswer {
    const { vnodes, directory } = this.#options;
    const { bavail, blocks, bsize } = statfsSync(directory);
    return volumeAnswer(vnodes.volume(volume), { size: blocks * bsize, available: bavail * bsize });
  }

  /** Makes a volume with its root directory, unless it is there. */
  async create(request: NewVolume): Promise<void> {
    const { vnodes } = this.#options;
    await vnodes.database.transaction((writer) => {
      if (!vnodes.hasVolume(request.volume)) makeVolume(vnodes, writer, request);
    });
  }

  /** Removes a volume that nobody has used, if it is there. @throws VenusError ENOTEMPTY */
  async drop(volume: number): Promise<void> {
    const { vnodes } = this.#options;
    await vnodes.database.transaction((writer) => {
      if (!vnodes.hasVolume(volume)) return;
      const root = vnodes.directory({ volume, vnode: ROOT_VNODE, unique: ROOT_VNODE });
      if (root.entryCount > 0) fail('ENOTEMPTY');
      vnodes.remove(writer, root);
      vnodes.removeVolume(writer, volume);
    });
  }
}
