/**
 * Random histories of servers and clients that lose sight of each other: what happened, in which order, and who saw what.
 * Runs against whatever drives servers, in memory or real ones.
 */
import fc from 'fast-check';
import {
  type Conflict,
  type Id,
  type Name,
  type Operation,
  ROOT,
  type Tree,
  isAllowed,
  pathOf,
} from './model.ts';

export interface Driver {
  /** From now on a server, and a client, sees those in the same part only. */
  part?(servers: readonly number[], clients: readonly number[]): Promise<void>;
  /** A client does something at all servers that it reaches. @param heard those of them that learn who did it */
  perform(
    operation: Operation,
    sites: readonly number[],
    heard: readonly number[],
    client: number,
  ): void | Promise<void>;
  /** Servers that reach each other become equal, but for what is in conflict. */
  merge(sites: readonly number[]): readonly Conflict[] | Promise<readonly Conflict[]>;
  tree(site: number): Tree | Promise<Tree>;
  /** Whether a server refuses an object to clients. */
  isInConflict(site: number, object: Id): boolean | Promise<boolean>;
}

/** What may happen; numbers choose among what there is when it does. */
export type Action =
  | {
      readonly action: 'do';
      readonly client: number;
      readonly what: What;
      readonly picks: readonly number[];
      readonly name: string;
      readonly deaf: number;
    }
  /** Which part of the network each server, and each client, is in from now on. */
  | { readonly action: 'part'; readonly servers: readonly number[]; readonly clients: readonly number[] }
  | { readonly action: 'merge'; readonly part: number };

type What = 'create' | 'mkdir' | 'symlink' | 'link' | 'rename' | 'remove' | 'change';

/** As often as it is here. */
const WHAT: readonly What[] = [
  'create',
  'create',
  'mkdir',
  'link',
  'rename',
  'rename',
  'remove',
  'remove',
  'change',
  'change',
];
/** With what a merge does not tell from a file. */
export const ALL: readonly What[] = [...WHAT, 'symlink'];

/** An operation that was done, and those that its client could know. */
export interface Fact {
  readonly operation: Operation;
  readonly past: ReadonlySet<Fact>;
  readonly sites: readonly number[];
}

export interface Setting {
  readonly servers: number;
  readonly actions: readonly Action[];
}

const NAMES = ['a', 'b', 'c', 'd'];
export const CLIENTS = 2;

/** @param length most actions */
export function anySetting(
  length: number,
  count = { min: 2, max: 4 },
  whats = WHAT,
): fc.Arbitrary<Setting> {
  return fc.integer(count).chain((servers) => {
    const part = fc.nat({ max: 1 });
    const action: fc.Arbitrary<Action> = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          action: fc.constant('do' as const),
          client: fc.nat({ max: CLIENTS - 1 }),
          what: fc.constantFrom<What>(...whats),
          picks: fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 })),
          name: fc.constantFrom(...NAMES),
          deaf: fc.oneof(
            { weight: 5, arbitrary: fc.constant(0) },
            { weight: 1, arbitrary: fc.nat({ max: 15 }) },
          ),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          action: fc.constant('part' as const),
          servers: fc.array(part, { minLength: servers, maxLength: servers }),
          clients: fc.array(part, { minLength: CLIENTS, maxLength: CLIENTS }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ action: fc.constant('merge' as const), part }) },
    );
    return fc.record({
      servers: fc.constant(servers),
      actions: fc.array(action, { minLength: 6, maxLength: length }),
    });
  });
}

/** Runs a history up to the last partition; nothing is healed at the end. */
export class Historian {
  readonly facts: Fact[] = [];
  readonly #driver: Driver;
  readonly #parts: number[];
  #clients: readonly number[] = new Array<number>(CLIENTS).fill(0);
  readonly #known: Set<Fact>[];
  #made = 0;

  constructor(driver: Driver, servers: number) {
    this.#driver = driver;
    this.#parts = new Array<number>(servers).fill(0);
    this.#known = Array.from({ length: servers }, () => new Set());
  }

  async start(operations: readonly Operation[]): Promise<void> {
    const all = [...this.#parts.keys()];
    for (const operation of operations) await this.#perform(operation, all, all, 0);
  }

  async run(actions: readonly Action[]): Promise<void> {
    for (const action of actions)
      switch (action.action) {
        case 'part':
          for (const [site, part] of action.servers.entries()) this.#parts[site] = part;
          this.#clients = action.clients;
          await this.#driver.part?.(action.servers, action.clients);
          break;
        case 'merge':
          await this.merge(this.#sitesIn(action.part));
          break;
        case 'do':
          await this.#do(action);
      }
  }

  async merge(sites: readonly number[]): Promise<readonly Conflict[]> {
    if (sites.length < 2) return [];
    const all = new Set(sites.flatMap((site) => [...(this.#known[site] ?? [])]));
    for (const site of sites) this.#known[site] = new Set(all);
    return this.#driver.merge(sites);
  }

  #sitesIn(part: number): readonly number[] {
    return [...this.#parts.keys()].filter((site) => this.#parts[site] === part);
  }

  async #do(action: Extract<Action, { action: 'do' }>): Promise<void> {
    const sites = this.#sitesIn(this.#clients[action.client] ?? 0);
    const [first] = sites;
    if (first === undefined) return;
    // A client that finds servers with other updates than others has them resolve this first.
    await this.merge(sites);
    const operation = choose(await this.#driver.tree(first), action, `o${this.#made + 1}`, this.#made + 1);
    if (!operation || !(await this.#isPossible(operation, sites))) return;
    this.#made++;
    await this.#perform(
      operation,
      sites,
      sites.filter((site) => (action.deaf & (1 << site)) === 0),
      action.client,
    );
  }

  /** Clients do not get at what is in conflict, or below it. */
  async #isPossible(operation: Operation, sites: readonly number[]): Promise<boolean> {
    for (const site of sites) {
      const tree = await this.#driver.tree(site);
      if (!isAllowed(tree, operation)) return false;
      const ends = [
        operation.object,
        ...('directory' in operation ? [operation.directory] : []),
        ...(operation.op === 'rename' ? [operation.toDirectory] : []),
      ];
      for (const id of new Set(ends.flatMap((end) => pathOf(tree, end))))
        if (await this.#driver.isInConflict(site, id)) return false;
    }
    return true;
  }

  async #perform(
    operation: Operation,
    sites: readonly number[],
    heard: readonly number[],
    client: number,
  ): Promise<void> {
    const past = new Set(sites.flatMap((site) => [...(this.#known[site] ?? [])]));
    const fact = { operation, past, sites };
    this.facts.push(fact);
    for (const site of sites) this.#known[site]?.add(fact);
    await this.#driver.perform(operation, sites, heard, client);
  }
}

function choose(
  tree: Tree,
  { what, picks, name }: Extract<Action, { action: 'do' }>,
  object: Id,
  count: number,
): Operation | undefined {
  const [one = 0, two = 0] = picks;
  const at = <T>(all: readonly T[], pick: number): T | undefined => all[pick % all.length];
  const directories = [...tree.entries.keys()].sort();
  const names: readonly Name[] = directories.flatMap((directory) =>
    [...(tree.entries.get(directory) ?? [])]
      .map(([each, id]) => ({ directory, name: each, object: id }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  const directory = at(directories, one) ?? ROOT;
  const known = at(names, one);
  switch (what) {
    case 'create':
    case 'mkdir':
    case 'symlink':
      return { op: what, directory, name, object };
    case 'link':
      return known && { op: 'link', directory: known.directory, name, object: known.object };
    case 'rename':
      return (
        known && {
          op: 'rename',
          ...known,
          toDirectory: at([known.directory, ...directories], two) ?? ROOT,
          toName: name,
        }
      );
    case 'remove':
      return known && { op: tree.entries.has(known.object) ? 'rmdir' : 'remove', ...known };
    case 'change':
      return known && { op: 'change', object: known.object, write: `w${count}` };
  }
}
