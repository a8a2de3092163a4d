/** Clients that reach no server: what they do meanwhile, and what may become of it when they reach some again. */
import type { Fact } from './history.ts';
import {
  type Id,
  type Operation,
  type Tree,
  applied,
  endsOf,
  isAllowed,
  isMaking,
  namesOf,
  pathOf,
} from './model.ts';

/** What became of the operations of a client; those that a later one made needless are in none of the lists. */
export interface Returned {
  readonly performed: readonly Operation[];
  /** Thrown away, since the servers would not take them. */
  readonly refused: readonly Operation[];
  /** Those of them that were told to be in conflict when the first was refused. */
  readonly marked: readonly Operation[];
}

/** How clients without servers are driven. */
export interface AwayDriver {
  /** A client that is about to lose all servers looks at what it may need. */
  prepare(client: number, tree: Tree, inConflict: ReadonlySet<Id>): Promise<void>;
  perform(client: number, operation: Operation, tree: Tree): Promise<void>;
  /** What the client has in its log goes to the servers. @param before what each of these has */
  reintegrate(client: number, before: readonly Tree[], sites: readonly number[]): Promise<Returned>;
}

/** A client without servers, as it should be. */
export class AwayClient {
  /** What the client could know of when it lost the servers. */
  readonly known: ReadonlySet<Fact>;
  readonly operations: Operation[] = [];
  readonly #inConflict: ReadonlySet<Id>;
  #tree: Tree;

  constructor(tree: Tree, known: ReadonlySet<Fact>, inConflict: ReadonlySet<Id>) {
    this.#tree = tree;
    this.known = known;
    this.#inConflict = inConflict;
  }

  get tree(): Tree {
    return this.#tree;
  }

  isPossible(operation: Operation): boolean {
    const isFree = (id: Id) => pathOf(this.#tree, id).every((each) => !this.#inConflict.has(each));
    return isAllowed(this.#tree, operation) && endsOf(operation).every(isFree);
  }

  perform(operation: Operation): void {
    this.#tree = applied(this.#tree, operation);
    this.operations.push(operation);
  }
}

interface Return {
  readonly away: AwayClient;
  /** What each of the servers had before: the same, but for what is in conflict. */
  readonly before: readonly Tree[];
  /** What others did meanwhile. */
  readonly foreign: readonly Fact[];
  /** Objects that are in conflict at the servers. */
  readonly inConflict: ReadonlySet<Id>;
  readonly returned: Returned;
}

/**
 * Says what is wrong with how a log was taken. The servers take the operations in their order, and refuse what makes no
 * sense any more, is about what is in conflict, or about a file that somebody else has touched; of a file that somebody
 * else has changed, they must not take another change, nor the removal. What needs an object that they did not get is
 * refused with it, but is no conflict by itself.
 */
export function judgeReturn({ away, before, foreign, inConflict, returned }: Return): readonly string[] {
  const complaints: string[] = [];
  const complain = (operation: Operation, what: string) =>
    complaints.push(`${JSON.stringify(operation)} ${what}`);
  const unmade = new Set<Id>();
  let trees = before;
  for (const [at, operation] of away.operations.entries()) {
    const needsUnmade = endsOf(operation).some((id) => unmade.has(id));
    if (returned.performed.includes(operation)) {
      if (!isAllowedAtOne(trees, operation)) complain(operation, 'was performed, and makes no sense');
      if (endsOf(operation).some((id) => inConflict.has(id))) complain(operation, 'is about a conflict');
      if (trees.some((tree) => isBlind(tree, operation, foreign)))
        complain(operation, 'destroys what somebody else has written');
      trees = allApplied(trees, operation);
    } else if (returned.refused.includes(operation)) {
      const isTouched = foreign.some((fact) => fact.operation.object === operation.object);
      const isRefusable =
        !isAllowedAtOne(trees, operation) ||
        endsOf(operation).some((id) => inConflict.has(id)) ||
        (isTouched && !before.some(({ entries }) => entries.has(operation.object)));
      if (!needsUnmade && !isRefusable) complain(operation, 'was refused without need');
      if (returned.marked.includes(operation) === needsUnmade)
        complain(operation, needsUnmade ? 'only waits for another one' : 'was not told to be in conflict');
      if (isMaking(operation)) unmade.add(operation.object);
    } else if (!isNeedless(away.operations, at)) complain(operation, 'is lost');
  }
  return complaints;
}

const isAllowedAtOne = (trees: readonly Tree[], operation: Operation) =>
  trees.some((tree) => isAllowed(tree, operation));

/** What servers have after an operation: below what is in conflict, some of them may not be able to perform it. */
export const allApplied = (trees: readonly Tree[], operation: Operation): readonly Tree[] =>
  trees.map((tree) => (isAllowed(tree, operation) ? applied(tree, operation) : tree));

/** Whether an operation overwrites or removes a file that somebody else has changed meanwhile. */
function isBlind(tree: Tree, { op, object }: Operation, foreign: readonly Fact[]): boolean {
  if (!tree.objects.has(object) || tree.entries.has(object)) return false;
  const isDestroying = op === 'change' || (op === 'remove' && namesOf(tree, object).length === 1);
  return (
    isDestroying && foreign.some(({ operation }) => operation.op === 'change' && operation.object === object)
  );
}

/** Whether an operation leaves nothing: its object changed again, or went, and if it began in the log, went without a trace. */
function isNeedless(operations: readonly Operation[], at: number): boolean {
  const { op, object } = operations[at] ?? {};
  const [earlier, later] = [operations.slice(0, at), operations.slice(at + 1)];
  const goesLater = later.some((other) => other.object === object && isRemoval(other));
  switch (op) {
    case 'change':
      return goesLater || later.some((other) => other.object === object && other.op === 'change');
    case 'create':
    case 'mkdir':
    case 'symlink':
      return goesLater;
    case 'remove':
    case 'rmdir':
      return earlier.some((other) => other.object === object && isMaking(other));
    case 'link':
    case 'rename':
    case undefined:
      return false;
  }
}

const isRemoval = ({ op }: Operation) => op === 'remove' || op === 'rmdir';
