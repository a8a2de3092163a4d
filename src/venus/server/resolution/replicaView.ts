import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { isInconsistent } from '../../tree/version.ts';
import type { Vnode } from '../../tree/vnodes.ts';
import type { LoggedUpdate } from './loggedUpdate.ts';
import type { Member } from './member.ts';
import { namesIn, objectsIn } from './merge.ts';
import type { Replica } from './mergePlan.ts';

/** Updates, objects and names in a message. */
const PAGE = 1000;

/** What a resolution knows of one server's replica. */
export class ReplicaView {
  readonly site: number;
  readonly #vnodes: ReadonlyMap<string, Vnode>;
  readonly #names: ReadonlyMap<string, Fid>;
  readonly #log: readonly LoggedUpdate[];

  /**
   * Reads what the logs of all replicas are about, and the directories above.
   * @param others to be looked at besides: objects in conflict, and what the names stand for at any replica, which no log
   *   may be about any more
   */
  static async read(
    { site, remote }: Member,
    log: readonly LoggedUpdate[],
    logs: readonly (readonly LoggedUpdate[])[],
    others: readonly Fid[],
    names: Names,
  ): Promise<ReplicaView> {
    const vnodes = new Map<string, Vnode>();
    const asked = new Set<string>();
    for (let wanted: readonly Fid[] = [...objectsIn(logs), ...others]; wanted.length > 0;) {
      const missing = [...new Map(wanted.map((fid) => [fidText(fid), fid])).values()].filter(
        (fid) => !asked.has(fidText(fid)),
      );
      for (const fids of pages(missing)) {
        for (const fid of fids) asked.add(fidText(fid));
        for (const vnode of await remote.call('readObjects', { fids }))
          if (vnode) vnodes.set(fidText(vnode.fid), vnode);
      }
      // Directories above are looked at, too: what is moved must not come to lie below itself.
      wanted = missing.flatMap((fid) => vnodes.get(fidText(fid))?.parent ?? []);
    }
    return new ReplicaView(site, vnodes, names, log);
  }

  private constructor(
    site: number,
    vnodes: ReadonlyMap<string, Vnode>,
    names: ReadonlyMap<string, Fid>,
    log: readonly LoggedUpdate[],
  ) {
    this.site = site;
    this.#vnodes = vnodes;
    this.#names = names;
    this.#log = log;
  }

  vnode(fid: Fid): Vnode | undefined {
    return this.#vnodes.get(fidText(fid));
  }

  /** The objects in conflict here, of those that were looked at. */
  get marked(): readonly Fid[] {
    return [...this.#vnodes.values()].filter(isInconsistent).map(({ fid }) => fid);
  }

  get replica(): Replica {
    return {
      site: this.site,
      log: this.#log,
      object: (fid) => {
        const vnode = this.vnode(fid);
        if (!vnode) return undefined;
        const { type, versionVector, linkCount, parent } = vnode;
        return { fid, type, versionVector, linkCount, parent };
      },
      entry: (directory, name) => this.#names.get(nameText(directory, name)),
    };
  }
}

/** What names stand for at a replica. */
export type Names = ReadonlyMap<string, Fid>;

/** Reads the names that the logs of all replicas are about. */
export async function readNames(
  { remote }: Member,
  logs: readonly (readonly LoggedUpdate[])[],
): Promise<Names> {
  const names = new Map<string, Fid>();
  for (const page of pages(namesIn(logs))) {
    const found = await remote.call('readNames', { names: page });
    for (const [at, { directory, name }] of page.entries()) {
      const fid = found[at];
      if (fid) names.set(nameText(directory, name), fid);
    }
  }
  return names;
}

/**
 * The logs of servers, in their order, without updates that one of them knows to be at all: the others have not heard of
 * that yet.
 */
export async function readLogs(
  volume: number,
  members: readonly Member[],
): Promise<{ readonly logs: readonly (readonly LoggedUpdate[])[]; readonly concluded: readonly StoreId[] }> {
  const logs = await Promise.all(members.map((member) => readLog(volume, member)));
  const counts = new Map<string, { readonly storeId: StoreId; count: number }>();
  for (const { storeId } of logs.flat()) {
    const known = counts.get(storeText(storeId));
    if (known) known.count += 1;
    else counts.set(storeText(storeId), { storeId, count: 1 });
  }
  const doubtful = [...counts.values()]
    .filter(({ count }) => count < members.length)
    .map(({ storeId }) => storeId);
  const concluded = new Map<string, StoreId>();
  for (const { remote } of members)
    for (const storeIds of pages(doubtful))
      for (const storeId of await remote.call('concludedAmong', { volume, storeIds }))
        concluded.set(storeText(storeId), storeId);
  return {
    logs: logs.map((log) => log.filter(({ storeId }) => !concluded.has(storeText(storeId)))),
    concluded: [...concluded.values()],
  };
}

async function readLog(volume: number, { remote }: Member): Promise<readonly LoggedUpdate[]> {
  const log: LoggedUpdate[] = [];
  for (let after = 0; ;) {
    const page = await remote.call('readLog', { volume, after, limit: PAGE });
    log.push(...page.map(({ update }) => update));
    after = page.at(-1)?.sequence ?? after;
    if (page.length < PAGE) return log;
  }
}

function pages<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / PAGE) }, (_, at) =>
    all.slice(at * PAGE, (at + 1) * PAGE),
  );
}

export function fidText({ vnode, unique }: Fid): string {
  return `${vnode}.${unique}`;
}

export function storeText({ host, unique }: StoreId): string {
  return `${host}.${unique}`;
}

function nameText(directory: Fid, name: string): string {
  return `${fidText(directory)}/${name}`;
}
