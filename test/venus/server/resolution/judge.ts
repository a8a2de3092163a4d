/** Says what is wrong with how a history ended, by what was done and what is seen, and nothing else. */
import type { Fact } from './history.ts';
import {
  type Conflict,
  type Id,
  type Name,
  type Operation,
  ROOT,
  type Tree,
  gives,
  namesOf,
  takes,
} from './model.ts';

export interface End {
  readonly facts: readonly Fact[];
  readonly trees: readonly Tree[];
  readonly conflicts: readonly Conflict[];
}

/** @returns a sentence for each complaint */
export function judge(end: End): readonly string[] {
  return [
    ...differences(end),
    ...needlessConflicts(end),
    ...lostWrites(end),
    ...wrongNames(end),
    ...nameless(end.trees),
  ];
}

/** Whatever is in conflict: an object that has no name anywhere in a tree is one that nobody can find. */
export function nameless(trees: readonly Tree[]): readonly string[] {
  return trees.flatMap((tree, site) =>
    [...tree.objects.keys()]
      .filter((id) => id !== ROOT && namesOf(tree, id).length === 0)
      .map((id) => `${id} has no name at server ${site}`),
  );
}

/** What can be seen without coming upon a conflict: the same everywhere, or it is a complaint. */
export function differences({ trees, conflicts }: Omit<End, 'facts'>): readonly string[] {
  const inConflict = new Set(conflicts.map(({ object }) => object));
  const [first] = trees;
  if (!first) return [];
  const complaints: string[] = [];
  for (const [site, tree] of trees.entries()) {
    const walk = (directory: Id) => {
      if (inConflict.has(directory)) return;
      if (listing(tree, directory) !== listing(first, directory))
        complaints.push(
          `${directory} differs at server ${site}: ${listing(tree, directory)} and ${listing(first, directory)}`,
        );
      for (const object of tree.entries.get(directory)?.values() ?? []) {
        if (!inConflict.has(object) && writes(tree, object) !== writes(first, object))
          complaints.push(`${object} differs at server ${site}`);
        if (tree.entries.has(object)) walk(object);
      }
    };
    walk(ROOT);
  }
  return complaints;
}

/** The tree that can be seen without coming upon a conflict, as lines. */
export function visible(tree: Tree, conflicts: readonly Conflict[]): readonly string[] {
  const inConflict = new Set(conflicts.map(({ object }) => object));
  const lines: string[] = [];
  const walk = (directory: Id) => {
    if (inConflict.has(directory)) return;
    lines.push(`${directory}: ${listing(tree, directory)}`);
    for (const object of tree.entries.get(directory)?.values() ?? []) {
      if (!inConflict.has(object)) lines.push(`${object} ${writes(tree, object)}`);
      if (tree.entries.has(object)) walk(object);
    }
  };
  walk(ROOT);
  return lines.sort();
}

const listing = (tree: Tree, directory: Id) =>
  [...(tree.entries.get(directory) ?? [])]
    .map(([name, id]) => `${name}=${id}`)
    .sort()
    .join(' ');
const writes = (tree: Tree, object: Id) =>
  [...(tree.objects.get(object)?.writes ?? ['(not there)'])].sort().join(' ');

const isConcurrent = (one: Fact, other: Fact) =>
  one !== other && !one.past.has(other) && !other.past.has(one);
const same = (one: Name | undefined, other: Name | undefined) =>
  one !== undefined && other !== undefined && one.directory === other.directory && one.name === other.name;
const isRemoval = ({ op }: Operation) => op === 'remove' || op === 'rmdir';

type Verdict = (one: Operation, other: Operation) => boolean;

/** The rows of the table that are conflicts: which pairs of operations make one, of which kind. */
const CONFLICTING: Readonly<Record<string, Verdict>> = {
  'name/name': (one, other) => same(gives(one), gives(other)) && one.object !== other.object,
  'update/update': (one, other) =>
    one.op === 'change' && other.op === 'change' && one.object === other.object,
  'remove/update': (one, other) =>
    isRemoval(one) &&
    ((one.object === other.object && (other.op === 'change' || other.op === 'link')) ||
      gives(other)?.directory === one.object),
  'rename/remove': (one, other) => isRemoval(one) && other.op === 'rename' && one.object === other.object,
  'rename/rename': (one, other) =>
    one.op === 'rename' &&
    one.object === other.object &&
    (other.op === 'rename' || other.op === 'link') &&
    !same(gives(one), gives(other)),
  cycle: (one, other) =>
    one.op === 'rename' &&
    other.op === 'rename' &&
    one.object !== other.object &&
    one.directory !== one.toDirectory &&
    other.directory !== other.toDirectory,
};

/** Whether what was done explains that an object is in conflict, in whichever way. */
export function isExplained(end: End, object: Id): boolean {
  const names = end.facts.flatMap(({ operation }) => gives(operation) ?? []);
  const namesIn = (id: Id) => [
    ...new Set(names.filter(({ directory }) => directory === id).map(({ name }) => name)),
  ];
  const possible = (of: readonly Id[]) =>
    of.flatMap((each) =>
      [...Object.keys(CONFLICTING), 'dependent'].flatMap((kind) =>
        [undefined, ...namesIn(each)].map((name) => ({ object: each, kind, name })),
      ),
    );
  const direct = possible([object, ...end.conflicts.map((conflict) => conflict.object)]).filter((conflict) =>
    isDirect(end, conflict),
  );
  return (
    direct.some((conflict) => conflict.object === object) ||
    possible([object]).some((conflict) => isConsequence(end, conflict, direct))
  );
}

function needlessConflicts(end: End): readonly string[] {
  const { conflicts } = end;
  const direct = conflicts.filter((conflict) => isDirect(end, conflict));
  return conflicts
    .filter((conflict) => !direct.includes(conflict) && !isConsequence(end, conflict, direct))
    .map((conflict) => `${conflict.kind} of ${conflict.object} (${conflict.name ?? ''}) is needless`);
}

/** Whether two operations that did not know of each other make a conflict by the table, and it shows. */
function isDirect({ facts, trees }: End, { kind, object, name }: Conflict): boolean {
  const verdict = CONFLICTING[kind];
  if (!verdict) return false;
  return facts.some((one) =>
    facts.some((other) => {
      if (!isConcurrent(one, other) || !verdict(one.operation, other.operation)) return false;
      if (kind === 'update/update') return one.operation.object === object && areTorn(trees, object);
      const subject = kind === 'remove/update' || kind === 'rename/remove' ? one.operation.object : undefined;
      if (kind === 'name/name')
        return (
          gives(one.operation)?.directory === object &&
          gives(one.operation)?.name === name &&
          standsFor(trees, object, name).size > 1
        );
      if (subject !== undefined)
        return (
          (isSomewhereOnly(trees, subject) || placesDiffer(trees, subject)) &&
          isAtOrAbove(facts, object, subject)
        );
      return (
        placesDiffer(trees, one.operation.object) && concerns(facts, object, one.operation, other.operation)
      );
    }),
  );
}

/** Whether a conflict only comes from one that had to be: names that had to stay, and directories that these are in. */
function isConsequence(
  { facts, trees }: End,
  { kind, object, name }: Conflict,
  direct: readonly Conflict[],
): boolean {
  if (direct.length === 0) return false;
  const directories = [object, ...belowEver(facts, object)];
  if (kind === 'dependent')
    return (
      directories.some(
        (each) =>
          new Set(trees.filter(({ entries }) => entries.has(each)).map((tree) => listing(tree, each))).size >
          1,
      ) || trees.some(({ entries }) => !entries.has(object))
    );
  if (kind === 'name/name') {
    // The name was given to something after something else lost it, and that had to stay.
    return (
      standsFor(trees, object, name).size > 1 &&
      facts.some(({ operation }) => takes(operation)?.directory === object && takes(operation)?.name === name)
    );
  }
  if (kind === 'remove/update')
    return facts.some(
      ({ operation }) => operation.op === 'rmdir' && isSomewhereOnly(trees, operation.object),
    );
  return false;
}

const standsFor = (trees: readonly Tree[], directory: Id, name: string | undefined) =>
  new Set(trees.flatMap(({ entries }) => entries.get(directory)?.get(name ?? '') ?? []));

const isSomewhereOnly = (trees: readonly Tree[], object: Id) =>
  trees.some(({ objects }) => objects.has(object)) && trees.some(({ objects }) => !objects.has(object));

/** Whether no replica has all that was written to an object. */
function areTorn(trees: readonly Tree[], object: Id): boolean {
  const all = trees.flatMap(({ objects }) => objects.get(object)?.writes ?? []);
  const union = new Set(all.flatMap((each) => [...each]));
  return all.every((each) => each.size < union.size);
}

function placesDiffer(trees: readonly Tree[], object: Id): boolean {
  const places = trees
    .filter(({ objects }) => objects.has(object))
    .map((tree) =>
      namesOf(tree, object)
        .map(({ directory, name }) => `${directory}/${name}`)
        .sort()
        .join(' '),
    );
  return new Set(places).size > 1;
}

/** Directories in which an object was at any time, and those above these. */
function everAbove(facts: readonly Fact[], object: Id): ReadonlySet<Id> {
  const above = new Set<Id>();
  const waiting = [object];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop())
    for (const { operation } of facts) {
      const given = gives(operation);
      if (given?.object !== each || above.has(given.directory)) continue;
      above.add(given.directory);
      waiting.push(given.directory);
    }
  return above;
}

const isAtOrAbove = (facts: readonly Fact[], directory: Id, object: Id) =>
  everAbove(facts, object).has(directory);

const belowEver = (facts: readonly Fact[], directory: Id): readonly Id[] =>
  [...new Set(facts.map(({ operation }) => operation.object))].filter((object) =>
    everAbove(facts, object).has(directory),
  );

function concerns(facts: readonly Fact[], directory: Id, ...operations: readonly Operation[]): boolean {
  const named = operations
    .flatMap((operation) => [gives(operation), takes(operation)])
    .flatMap((each) => each?.directory ?? []);
  return named.includes(directory) || operations.some(({ object }) => isAtOrAbove(facts, directory, object));
}

/** Each write is in some replica, or went with a file that was removed by somebody who could know it. */
export function lostWrites({ facts, trees }: End): readonly string[] {
  return facts.flatMap((fact) => {
    const { operation } = fact;
    if (operation.op !== 'change') return [];
    const isKept = trees.some(({ objects }) => objects.get(operation.object)?.writes.has(operation.write));
    const isRemoved = facts.some(
      (other) =>
        isRemoval(other.operation) && other.operation.object === operation.object && other.past.has(fact),
    );
    return isKept || isRemoved ? [] : [`${operation.write} of ${operation.object} is lost`];
  });
}

/** A name is there if somebody gave it and nobody who could know that took it away again. */
export function wrongNames({ facts, trees, conflicts }: End): readonly string[] {
  const inConflict = new Set(conflicts.map(({ object }) => object));
  const given = new Map<string, Name>();
  for (const { operation } of facts) {
    const name = gives(operation);
    if (name) given.set(`${name.directory}/${name.name}=${name.object}`, name);
  }
  return [...given].flatMap(([text, name]) => {
    const isIt = (other: Name | undefined) => same(other, name) && other?.object === name.object;
    const removals = facts.filter(({ operation }) => isIt(takes(operation)));
    const standing = facts.filter(
      (fact) => isIt(gives(fact.operation)) && !removals.some(({ past }) => past.has(fact)),
    );
    const holders = trees.filter(
      ({ entries }) => entries.get(name.directory)?.get(name.name) === name.object,
    );
    // Given back by the side that took it, and taken by another: whoever took it may be right.
    const isGivenBack = standing.every(({ past }) => removals.some((removal) => past.has(removal)));
    const isDirectoryGone = facts.some(
      ({ operation }) => operation.op === 'rmdir' && operation.object === name.directory,
    );
    if (
      standing.length > 0 &&
      holders.length === 0 &&
      !(isGivenBack && removals.length > 1) &&
      !isDirectoryGone
    )
      return [`${text} is lost`];
    const isSeen = holders.some(
      (tree) =>
        [name.object, name.directory].every((each) => !inConflict.has(each)) &&
        isReachable(tree, name.directory, inConflict),
    );
    return standing.length === 0 && isSeen ? [`${text} was taken away, and is there`] : [];
  });
}

function isReachable(tree: Tree, directory: Id, inConflict: ReadonlySet<Id>): boolean {
  for (
    let each: Id | undefined = directory;
    each !== undefined && each !== ROOT;
    each = namesOf(tree, each)[0]?.directory
  )
    if (inConflict.has(each)) return false;
  return !inConflict.has(ROOT);
}
