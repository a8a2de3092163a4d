import { VenusError } from '../../../ipc/errors.ts';
import type { Healing } from '../../../ipc/verify.ts';
import type { UserSession } from '../userSession.ts';
import { StorageGroup } from '../vsg/storageGroup.ts';
import { Comparison, type DifferentObject } from './comparison.ts';
import { judge } from './verdict.ts';

export interface HealingOptions {
  readonly cross: boolean;
  /** Told what becomes of each object that resolution alone does not settle. */
  readonly report: (healing: Healing) => Promise<void>;
}

/**
 * Brings the replicas of a subtree together: by resolution, and where versions say that there is nothing to resolve by having what
 * is damaged or behind given anew, if it is beyond doubt which replica that is.
 */
export class HealingRun {
  readonly comparison: Comparison;
  readonly #session: UserSession;
  readonly #options: HealingOptions;

  constructor(session: UserSession, options: HealingOptions) {
    this.#session = session;
    this.#options = options;
    const listener = {
      volume: (volume: number) => this.#resolve(volume),
      differs: (object: DifferentObject) => this.#settle(object),
    };
    this.comparison = new Comparison(session, { cross: options.cross, listener });
  }

  /** @throws VenusError as Comparison */
  async run(path: string): Promise<void> {
    await this.comparison.run(path);
    for (const volume of this.comparison.volumes) await this.#resolve(volume);
  }

  async #resolve(volume: number): Promise<void> {
    const group = await this.#session.client.serverOf(volume);
    if (group instanceof StorageGroup) await group.resolve();
  }

  async #settle({ path, fid, servers, sides }: DifferentObject): Promise<void> {
    const verdict = judge(sides);
    if (verdict.kind === 'equal') return;
    if (verdict.kind === 'left') {
      await this.#options.report({ kind: 'left', path, why: verdict.why });
      return;
    }
    const renewed = sides.filter(({ server }) => verdict.servers.includes(server));
    try {
      for (const side of renewed) await servers.setBack(side.server, fid, side);
      const { client } = this.#session;
      client.tree.cache.validity.break([fid]);
      // It may have been fetched from one of them.
      await client.files.distrust(fid);
      await this.#options.report({ kind: 'renewed', path, servers: renewed.map(({ server }) => server) });
    } catch (error) {
      if (!(error instanceof VenusError)) throw error;
      const why = error.is('EACCES') ? 'To give it anew needs the right to write it.' : error.message;
      await this.#options.report({ kind: 'left', path, why });
    }
  }
}
