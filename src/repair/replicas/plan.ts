/** From what was decided about differences to the operations of a fix file. */
import { textLength } from '../../ipc/text.ts';
import type { Comparison } from './compare.ts';
import { type Decision, type Decisions, decisionOn, isAt } from './decisions.ts';
import type { Difference, Holder, Missing, NameConflict, Renamed } from './differences.ts';
import {
  type DirectoryId,
  type FixFile,
  type FixOperation,
  type FixStep,
  MAX_FIX_NAME,
  MAX_OWNER,
  createKeywords,
  isCreate,
  isRemove,
} from '../../ipc/fixFile/fixFile.ts';
import { type KnownPlaces } from './fixCheck.ts';
import { type Location, type Replica, fidKey, isDirectoryVnode } from './replica.ts';

export interface Plan {
  readonly fixFile: FixFile;
  /** What no operation of the fix file settles, with the reason. */
  readonly unsettled: readonly { readonly difference: Difference; readonly why: string }[];
  /** The places in other directories that the comparison has seen. */
  readonly known: KnownPlaces;
}

/** The operations that carry out decisions; where there is none, those that keep everything. */
export function planFor(comparison: Comparison, decisions: Decisions): Plan {
  const planner = new Planner(comparison);
  for (const difference of comparison.differences)
    planner.settle(difference, decisionOn(difference, comparison, decisions));
  return planner.plan();
}

/** The operations that empty a directory and make its replicas alike: what removeInc does. */
export function planToEmpty(comparison: Comparison, names: ReadonlyMap<Replica, readonly Named[]>): FixFile {
  const planner = new Planner(comparison);
  for (const [replica, entries] of names)
    for (const { name, object } of entries) planner.add(replica, removal(name, object));
  for (const difference of comparison.differences)
    if (['mode', 'owner', 'rights'].includes(difference.kind))
      planner.settle(difference, decisionOn(difference, comparison, new Map()));
  return planner.plan().fixFile;
}

export interface Named {
  readonly name: string;
  readonly object: DirectoryId;
}

/**
 * Operations in the order of a section: an object that loses a name gets its new one before. What is moved into the
 * directory comes before what is moved out of it, since a directory of the latter may go below one of the former.
 */
const order: readonly FixOperation['op'][] = [
  ...createKeywords,
  'mv',
  'removefsl',
  'removed',
  'setacl',
  'setnacl',
  'setmode',
  'setowner',
];

class Planner {
  readonly #comparison: Comparison;
  readonly #steps: Map<Replica, FixOperation[]>;
  readonly #unsettled: { difference: Difference; why: string }[] = [];
  readonly #places = new Set<string>();
  /** Names of the directory that operations make or take away, behind the server. */
  readonly #taken = new Set<string>();

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
    this.#steps = new Map(comparison.replicas.map((replica) => [replica, []]));
  }

  plan(): Plan {
    const sections = [...this.#steps].map(([{ server, volume }, operations]) => {
      const sorted = [...operations].sort((one, other) => this.#rank(one) - this.#rank(other));
      const steps = sorted.map((operation): FixStep => ({ operation, place: { kind: 'proposed' } }));
      return { server, volume, steps, place: { kind: 'proposed' } as const };
    });
    return {
      fixFile: { sections },
      unsettled: this.#unsettled,
      known: (volume, directory, name) => this.#places.has(`${volume} ${fidKey(directory)} ${name}`),
    };
  }

  #rank(operation: FixOperation): number {
    const isMovedOut = operation.op === 'mv' && !this.#isHere(operation.target);
    return order.indexOf(operation.op) + (isMovedOut ? 0.5 : 0);
  }

  add(replica: Replica, operation: FixOperation): void {
    this.#steps.get(replica)?.push(operation);
    for (const name of takenBy(operation, this.#here)) this.#taken.add(`${replica.server}/${name}`);
  }

  /**
   * Servers judge each operation by what there is before the first one, and each name can be made or taken away once: what
   * does not go together with what is there, or with earlier operations, is for the next cycle.
   */
  #addFor(difference: Difference, replica: Replica, operation: FixOperation): void {
    const taken = takenBy(operation, this.#here).some((name) => this.#taken.has(`${replica.server}/${name}`));
    const made = madeBy(operation, this.#here);
    if (taken || (made !== undefined && this.#comparison.hasName(replica, made)))
      this.#leave(difference, `more repair actions are needed on ${replica.server} first`);
    else this.add(replica, operation);
  }

  settle(difference: Difference, decision: Decision | undefined): void {
    const name = 'name' in difference ? difference.name : '';
    if (textLength(name) > MAX_FIX_NAME && difference.kind !== 'update')
      this.#leave(difference, `a name in a fix file has at most ${MAX_FIX_NAME} bytes`);
    else if (difference.kind === 'name/name' && decision?.kind === 'name/name')
      this.#settleName(difference, decision);
    else if (difference.kind === 'missing' && decision?.kind === 'missing')
      this.#settleMissing(difference, decision.choice);
    else if (difference.kind === 'renamed' && decision?.kind === 'renamed')
      this.#settleRenamed(difference, decision.to);
    else this.#settleAttribute(difference, decision);
  }

  #leave(difference: Difference, why: string): void {
    this.#unsettled.push({ difference, why });
  }

  #settleName(conflict: NameConflict, { removed, moved }: Extract<Decision, { kind: 'name/name' }>): void {
    const { name, holders } = conflict;
    const { volume } = this.#comparison.object;
    const here = this.#here;
    const left = new Set<string>();
    for (const { replica, status } of holders) {
      const to = moved.get(fidKey(status.fid));
      if (removed.has(replica.server)) this.#addFor(conflict, replica, removal(name, status.fid));
      else if (to !== undefined)
        this.#addFor(conflict, replica, { op: 'mv', from: name, to, volume, source: here, target: here });
      else left.add(fidKey(status.fid));
    }
    if (left.size > 1) this.#leave(conflict, 'different objects keep the name');
  }

  #settleMissing(missing: Missing, choice: 'create' | 'remove' | 'leave'): void {
    const { name, object, holders, lacking } = missing;
    if (choice === 'leave') this.#leave(missing, 'it was decided to leave it');
    else if (choice === 'remove')
      for (const { replica } of holders) this.#addFor(missing, replica, removal(name, object));
    else
      for (const replica of lacking)
        this.#addFor(missing, replica, this.#creation(replica, name, object, holders, missing.linked));
  }

  #creation(
    replica: Replica,
    name: string,
    object: DirectoryId,
    holders: readonly Holder[],
    linked: readonly Replica[] = [],
  ): FixOperation {
    const type = holders[0]?.status.type;
    const { volume } = this.#comparison.object;
    const fid = { volume, vnode: object.vnode, unique: object.unique };
    if (isDirectoryVnode(object)) return { op: 'created', name, fid };
    if (type === 'symlink' || type === 'mount point') return { op: 'creates', name, fid };
    const isMade = this.#steps
      .get(replica)
      ?.some((each) => isCreate(each) && each.op === 'createf' && fidKey(each.fid) === fidKey(fid));
    return { op: linked.includes(replica) || isMade === true ? 'createl' : 'createf', name, fid };
  }

  #settleRenamed(renamed: Renamed, to: Location | 'remove' | 'leave'): void {
    const { holders, lacking, object } = renamed;
    for (const { replica, location } of holders)
      this.#places.add(`${replica.volume} ${fidKey(location.parent)} ${location.name}`);
    if (to === 'leave') this.#leave(renamed, 'it was decided to leave it');
    else if (to === 'remove') {
      for (const { replica, location } of holders)
        if (this.#isHere(location.parent)) this.#addFor(renamed, replica, removal(location.name, object));
    } else {
      for (const holder of holders)
        if (!isAt(holder, to)) this.#move(renamed, holder.replica, holder.location, to);
      if (!this.#isHere(to.parent)) return;
      for (const replica of lacking)
        this.#addFor(renamed, replica, this.#creation(replica, to.name, object, holders));
    }
  }

  #move(renamed: Renamed, replica: Replica, from: Location, to: Location): void {
    const isMade = this.#steps
      .get(replica)
      ?.some(
        (each) => isCreate(each) && [from, to].some(({ parent }) => fidKey(each.fid) === fidKey(parent)),
      );
    if (isMade === true || !renamed.hasDirectory(replica, to.parent)) {
      this.#leave(renamed, `more repair actions are needed on ${replica.server} first`);
      return;
    }
    this.#addFor(renamed, replica, {
      op: 'mv',
      from: from.name,
      to: to.name,
      volume: this.#comparison.object.volume,
      source: idOf(from.parent),
      target: idOf(to.parent),
    });
  }

  #settleAttribute(difference: Difference, decision: Decision | undefined): void {
    if (difference.kind === 'rights' && decision?.kind === 'rights') {
      const op = difference.side === 'positive' ? 'setacl' : 'setnacl';
      for (const { replica, rights } of difference.rights)
        if (rights !== decision.rights)
          this.add(replica, { op, user: difference.user, rights: decision.rights });
    } else if (difference.kind === 'mode' && decision?.kind === 'mode') {
      for (const { replica, status } of difference.directories)
        if (status.mode !== decision.mode) this.add(replica, { op: 'setmode', mode: decision.mode });
    } else if (difference.kind === 'owner' && decision?.kind === 'owner') {
      const { owner } = decision;
      if (owner > MAX_OWNER)
        this.#leave(difference, `an owner in a fix file has 16 bits, and ${owner} has more`);
      else
        for (const { replica, status } of difference.directories)
          if (status.owner !== owner) this.add(replica, { op: 'setowner', owner });
    } else if (difference.kind === 'quota')
      this.#leave(difference, 'a quota is set by an administrator of the volume');
    else if (difference.kind === 'update' && difference.isConflict)
      this.#leave(difference, 'it is in conflict itself, and repaired by itself');
  }

  get #here(): DirectoryId {
    return idOf(this.#comparison.object);
  }

  #isHere(directory: DirectoryId): boolean {
    return fidKey(directory) === fidKey(this.#comparison.object);
  }
}

function idOf({ vnode, unique }: DirectoryId): DirectoryId {
  return { vnode, unique };
}

function removal(name: string, object: DirectoryId): FixOperation {
  return { op: isDirectoryVnode(object) ? 'removed' : 'removefsl', name };
}

/** Names of a directory that an operation makes or takes away. */
function takenBy(operation: FixOperation, directory: DirectoryId): readonly string[] {
  if (isCreate(operation) || isRemove(operation)) return [operation.name];
  if (operation.op !== 'mv') return [];
  const source = fidKey(operation.source) === fidKey(directory) ? [operation.from] : [];
  return fidKey(operation.target) === fidKey(directory) ? [...source, operation.to] : source;
}

function madeBy(operation: FixOperation, directory: DirectoryId): string | undefined {
  if (isCreate(operation)) return operation.name;
  const isHere = operation.op === 'mv' && fidKey(operation.target) === fidKey(directory);
  return isHere ? operation.to : undefined;
}
