import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import type { SiteResult, SiteStep } from '../../net/peerProtocol.ts';
import { sameStoreId } from '../../tree/version.ts';
import { evenDirectories, isSettledElsewhere } from './evenDirectories.ts';
import type { Member } from './member.ts';
import { NOTHING, inParts } from './stagedResults.ts';
import { healRunts } from './healRunts.ts';
import type { LoggedUpdate } from './loggedUpdate.ts';
import { merge } from './merge.ts';
import type { MergePlan, MergeStep } from './mergePlan.ts';
import { ReplicaView, fidText, readLogs, readNames } from './replicaView.ts';
import { relay } from './relay.ts';

export interface ResolutionOptions {
  readonly volume: number;
  /** Under what the volume is locked at all members. */
  readonly holder: string;
  /** The servers that can be reached. */
  readonly members: readonly Member[];
  /** Whether these are all servers of the volume. */
  readonly isWhole: boolean;
  /** Names what it makes of versions that differ. */
  readonly storeId: StoreId;
}

/**
 * One resolution of a volume among servers that have it locked: what each of them lacks is found out from their logs, and
 * done at each as a whole. If it ends in between, the logs say what is done, and another one goes on (spec/repair.md, 14).
 */
export class Resolution {
  readonly #options: ResolutionOptions;

  constructor(options: ResolutionOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { volume, members } = this.#options;
    const { logs, concluded } = await readLogs(volume, members);
    if (concluded.length > 0) await this.#tellAll({ ...NOTHING, concluded });
    await this.#merge(logs);
    await healRunts({ volume, members, logs, perform: (member, steps) => this.#apply(member, { steps }) });
  }

  async #merge(logs: readonly (readonly LoggedUpdate[])[]): Promise<void> {
    const { members, isWhole, storeId } = this.#options;
    const marked = await this.#inconsistent();
    if (logs.every((log) => log.length === 0) && marked.length === 0) {
      if (isWhole) await this.#tellAll({ ...NOTHING, isComplete: true });
      return;
    }
    const names = await Promise.all(members.map((member) => readNames(member, logs)));
    const others = [...marked, ...names.flatMap((each) => [...each.values()])];
    const views = await Promise.all(
      members.map((member, at) =>
        ReplicaView.read(member, logs[at] ?? [], logs, others, names[at] ?? new Map()),
      ),
    );
    const plan = merge(
      views.map((view) => view.replica),
      storeId,
    );
    await this.#perform(plan, views);
    const even = await evenDirectories(
      members,
      marked.filter((fid) => !isInConflict(plan, fid)),
      storeId,
    );
    await this.#tellAll({ ...NOTHING, versions: even.map(({ fid, version }) => ({ fid, ...version })) });
    if (isWhole) await this.#tellAll({ ...NOTHING, concluded: plan.common });
  }

  /** All objects that are in conflict at some server. */
  async #inconsistent(): Promise<readonly Fid[]> {
    const { volume, members } = this.#options;
    const lists = await Promise.all(members.map(({ remote }) => remote.call('listInconsistent', { volume })));
    return [...new Map(lists.flat().map((fid) => [fidText(fid), fid])).values()];
  }

  async #perform(plan: MergePlan, views: readonly ReplicaView[]): Promise<void> {
    const { members } = this.#options;
    const conflicts = [...new Map(plan.conflicts.map(({ fid }) => [fidText(fid), fid])).values()];
    for (const member of members) {
      const own = plan.replicas.find(({ site }) => site === member.site);
      const steps: SiteStep[] = [];
      for (const step of own?.steps ?? []) steps.push(await this.#siteStep(step, member, views));
      await this.#apply(member, {
        steps,
        learned: own?.learned ?? [],
        versions: plan.versions.map((version) => ({ ...version, ...lastModified(version, views) })),
        inconsistent: [...conflicts, ...this.#markedElsewhere(views)],
        conflicts: plan.conflicts,
        isEven: true,
      });
    }
  }

  /** Objects in conflict at one server are at all of them, also at one that was away when that was found out. */
  #markedElsewhere(views: readonly ReplicaView[]): readonly Fid[] {
    const marked = views
      .flatMap((view) => view.marked)
      .filter((fid) => !isSettledElsewhere(views.flatMap((view) => view.vnode(fid) ?? [])));
    return [...new Map(marked.map((fid) => [fidText(fid), fid])).values()];
  }

  async #siteStep(step: MergeStep, to: Member, views: readonly ReplicaView[]): Promise<SiteStep> {
    if (step.step !== 'make' && step.step !== 'copy') return step;
    const from = this.#options.members.find(({ site }) => site === step.from);
    const vnode = views.find((view) => view.site === step.from)?.vnode(step.fid);
    if (!from || !vnode) throw new Error('a plan names an object that is not there');
    return { step: step.step, object: await relay(vnode, from, to) };
  }

  async #tellAll(result: SiteResult): Promise<void> {
    const isNothing = result.versions.length === 0 && result.concluded.length === 0 && !result.isComplete;
    if (isNothing) return;
    for (const member of this.#options.members) await this.#apply(member, result);
  }

  async #apply({ remote }: Member, result: Partial<SiteResult>): Promise<void> {
    const { volume, holder } = this.#options;
    const { ahead, last } = inParts({ ...NOTHING, ...result });
    for (const part of ahead) await remote.call('stageResolution', { volume, holder, part });
    await remote.call('applyResolution', { volume, holder, result: last });
  }
}

function isInConflict({ conflicts }: MergePlan, fid: Fid): boolean {
  return conflicts.some((conflict) => fidText(conflict.fid) === fidText(fid));
}

/**
 * A directory was last changed when one of its replicas was. But where one knows all updates, its time is right: somebody
 * may have set it back.
 */
function lastModified(
  { fid, versionVector: { storeId } }: MergePlan['versions'][number],
  views: readonly ReplicaView[],
): { readonly modified?: number } {
  const vnodes = views.flatMap((view) => view.vnode(fid) ?? []);
  if (!vnodes.some(({ type }) => type === 'directory')) return {};
  const newest = vnodes.filter(({ versionVector }) => sameStoreId(versionVector.storeId, storeId));
  const asked = newest.length > 0 ? newest : vnodes;
  return { modified: Math.max(...asked.map(({ modified }) => modified)) };
}
