/**
 * A volume and what people do to it, as simply as can be said. Shares nothing with what it judges: objects are texts,
 * contents are the sets of changes that went into them. Whatever runs histories (a harness around a pure function, or
 * real servers and clients) tells what it sees in these terms.
 */

export type Id = string;

/** The directory in which everything is. */
export const ROOT: Id = 'root';

export type Operation =
  | {
      readonly op: 'create' | 'mkdir' | 'symlink';
      readonly directory: Id;
      readonly name: string;
      readonly object: Id;
    }
  | { readonly op: 'link'; readonly directory: Id; readonly name: string; readonly object: Id }
  | {
      readonly op: 'rename';
      readonly directory: Id;
      readonly name: string;
      readonly toDirectory: Id;
      readonly toName: string;
      readonly object: Id;
    }
  | { readonly op: 'remove' | 'rmdir'; readonly directory: Id; readonly name: string; readonly object: Id }
  /** New contents of a file, or another mode of anything: `write` is one of a kind. */
  | { readonly op: 'change'; readonly object: Id; readonly write: string };

export interface ModelObject {
  readonly type: 'file' | 'directory' | 'symlink';
  /** The changes that made it what it is. */
  readonly writes: ReadonlySet<string>;
}

/** A replica of a volume, as somebody sees it who looks at everything. */
export interface Tree {
  readonly objects: ReadonlyMap<Id, ModelObject>;
  /** What is in each directory. */
  readonly entries: ReadonlyMap<Id, ReadonlyMap<string, Id>>;
}

export interface Conflict {
  readonly object: Id;
  readonly kind: string;
  readonly name?: string | undefined;
}

export interface Name {
  readonly directory: Id;
  readonly name: string;
  readonly object: Id;
}

export function isMaking(
  operation: Operation,
): operation is Extract<Operation, { op: 'create' | 'mkdir' | 'symlink' }> {
  return operation.op === 'create' || operation.op === 'mkdir' || operation.op === 'symlink';
}

/** The name that an operation gives. */
export function gives(operation: Operation): Name | undefined {
  if (operation.op === 'rename')
    return { directory: operation.toDirectory, name: operation.toName, object: operation.object };
  return isMaking(operation) || operation.op === 'link' ? operation : undefined;
}

/** The name that an operation takes away. */
export function takes(operation: Operation): Name | undefined {
  return operation.op === 'rename' || operation.op === 'remove' || operation.op === 'rmdir'
    ? operation
    : undefined;
}

export const namesOf = (tree: Tree, object: Id): readonly Name[] =>
  [...tree.entries].flatMap(([directory, entries]) =>
    [...entries].filter(([, each]) => each === object).map(([name]) => ({ directory, name, object })),
  );

/** The directories above an object, nearest first, and the object. */
export function pathOf(tree: Tree, object: Id): readonly Id[] {
  const path = [object];
  for (let above = namesOf(tree, object)[0]; above; above = namesOf(tree, above.directory)[0]) {
    if (path.includes(above.directory)) return path;
    path.push(above.directory);
  }
  return path;
}

/** Whether the rules of a single file server allow an operation. */
export function isAllowed(tree: Tree, operation: Operation): boolean {
  const given = gives(operation);
  const taken = takes(operation);
  if (given && (!tree.entries.has(given.directory) || tree.entries.get(given.directory)?.has(given.name)))
    return false;
  if (taken && tree.entries.get(taken.directory)?.get(taken.name) !== taken.object) return false;
  const object = tree.objects.get(operation.object);
  switch (operation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
      return !object;
    case 'link':
      return object?.type === 'file' && namesOf(tree, operation.object)[0]?.directory === operation.directory;
    case 'rename':
      if (operation.directory === operation.toDirectory) return true;
      if (object?.type !== 'directory') return namesOf(tree, operation.object).length === 1;
      return !pathOf(tree, operation.toDirectory).includes(operation.object);
    case 'remove':
      return object !== undefined && object.type !== 'directory';
    case 'rmdir':
      return object?.type === 'directory' && tree.entries.get(operation.object)?.size === 0;
    case 'change':
      return object !== undefined && object.type !== 'symlink';
  }
}

/** A tree after an operation that is allowed in it. */
export function applied(tree: Tree, operation: Operation): Tree {
  const objects = new Map(tree.objects);
  const entries = new Map([...tree.entries].map(([directory, names]) => [directory, new Map(names)]));
  const { op, object } = operation;
  const [given, taken] = [gives(operation), takes(operation)];
  if (taken) entries.get(taken.directory)?.delete(taken.name);
  if (given) entries.get(given.directory)?.set(given.name, object);
  if (isMaking(operation)) objects.set(object, { type: TYPES[operation.op], writes: new Set() });
  if (op === 'mkdir') entries.set(object, new Map());
  const known = objects.get(object);
  if (op === 'change' && known)
    objects.set(object, { ...known, writes: new Set([...known.writes, operation.write]) });
  if ((op === 'remove' || op === 'rmdir') && namesOf({ objects, entries }, object).length === 0) {
    objects.delete(object);
    entries.delete(object);
  }
  return { objects, entries };
}

const TYPES = { create: 'file', mkdir: 'directory', symlink: 'symlink' } as const;

/** All that an operation is about: its object, and the directories of its names. */
export function endsOf(operation: Operation): readonly Id[] {
  const names = [gives(operation), takes(operation)].flatMap((name) => name?.directory ?? []);
  return [...new Set([operation.object, ...names])];
}
