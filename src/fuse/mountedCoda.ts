import { Containers } from './container.ts';
import { KernelChannel } from './kernel/channel.ts';
import { mountAt, unmount } from './mounting.ts';
import { mountedCodas } from './mountTable.ts';
import { MountState } from './mountState.ts';
import { serve } from './operations.ts';
import { type VenusPlace, VenusSessions } from './venusSessions.ts';

export interface MountOptions {
  /** Absolute. */
  readonly directory: string;
  readonly venus: VenusPlace;
  readonly gid: number;
  /** Where there is room for the files that are open. */
  readonly workspace: string;
}

/** A Coda that this process serves as a file system. */
export class MountedCoda {
  /** When it is not mounted any more. */
  readonly ended: Promise<void>;
  readonly #directory: string;
  readonly #uid: number;

  /** @throws VenusUnavailableError if venus does not answer; UnsupportedError, ConfigurationError if it cannot be mounted */
  static async mount(options: MountOptions): Promise<MountedCoda> {
    const { directory, venus, gid, workspace } = options;
    const sessions = new VenusSessions(venus);
    const root = await sessions.filesOf(venus.ownUid).lstat('/');
    const containers = new Containers(workspace);
    try {
      const fd = await mountAt(directory, venus.ownUid, gid);
      const state = new MountState(sessions, containers, root, gid);
      const channel: KernelChannel = new KernelChannel(fd, (request) => serve(state, request, channel));
      const ended = channel.ended.then(async () => {
        containers.end();
        await sessions.close();
      });
      return new MountedCoda(directory, venus.ownUid, ended);
    } catch (error) {
      containers.end();
      throw error;
    }
  }

  private constructor(directory: string, uid: number, ended: Promise<void>) {
    this.#directory = directory;
    this.#uid = uid;
    this.ended = ended;
  }

  /** Unmounts it; where it is in use, it ends when it is not any more. */
  async unmount(): Promise<void> {
    const isMounted = mountedCodas().some(({ directory }) => directory === this.#directory);
    if (!isMounted) return;
    await unmount(this.#directory, this.#uid).catch(() => unmount(this.#directory, this.#uid, true));
  }
}
