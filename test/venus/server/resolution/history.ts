/**
 * Random histories of servers and clients that lose sight of each other: what happened, in which order, and who saw what.
 * Runs against whatever drives servers, in memory or real ones.
 */
import fc from 'fast-check';
import { AwayClient, type AwayDriver, judgeReturn } from './awayClient.ts';
import {
  type Conflict,
  type Id,
  type Name,
  type Operation,
  ROOT,
  type Tree,
  endsOf,
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
  /** Without it, clients that reach no server do nothing. */
  readonly away?: AwayDriver;
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

/** A part of the network in which no server ever is. */
export const NOWHERE = 2;

/**
 * @param length most actions
 * @param lastPart the last part of the network that clients may be in
 */
export function anySetting(
  length: number,
  count = { min: 2, max: 4 },
  whats = WHAT,
  lastPart = 1,
): fc.Arbitrary<Setting> {
  return fc.integer(count).chain((servers) => {
    const part = fc.nat({ max: 1 });
    const clientPart = fc.nat({ max: lastPart });
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
          clients: fc.array(clientPart, { minLength: CLIENTS, maxLength: CLIENTS }),
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
  /** What was wrong when clients reached servers again. */
  readonly complaints: string[] = [];
  /** How many operations of each returning client the servers took. */
  readonly returns: { readonly performed: number; readonly refused: number }[] = [];
  readonly #driver: Driver;
  readonly #parts: number[];
  #clients: readonly number[] = new Array<number>(CLIENTS).fill(0);
  readonly #known: Set<Fact>[];
  /** Clients that reach no server. */
  readonly #away = new Map<number, AwayClient>();
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
          await this.#part(action.servers, action.clients);
          break;
        case 'merge':
          await this.merge(this.#sitesIn(action.part));
          break;
        case 'do':
          await this.#do(action);
      }
  }

  /** Everybody sees everybody again. */
  async heal(): Promise<readonly Conflict[]> {
    await this.#part(
      this.#parts.map(() => 0),
      this.#clients.map(() => 0),
    );
    return this.merge([...this.#parts.keys()]);
  }

  async merge(sites: readonly number[]): Promise<readonly Conflict[]> {
    if (sites.length < 2) return [];
    const all = new Set(sites.flatMap((site) => [...(this.#known[site] ?? [])]));
    for (const site of sites) this.#known[site] = new Set(all);
    return this.#driver.merge(sites);
  }

  async #part(servers: readonly number[], clients: readonly number[]): Promise<void> {
    for (const client of clients.keys())
      if (!servers.includes(clients[client] ?? NOWHERE)) await this.#leave(client);
    for (const [site, part] of servers.entries()) this.#parts[site] = part;
    // The servers that a client finds again are at one before it does: then they answer it alike.
    this.#clients = clients.map((part, client) => (this.#away.has(client) ? NOWHERE : part));
    await this.#driver.part?.(servers, this.#clients);
    for (const [client, part] of clients.entries())
      if (servers.includes(part)) await this.#return(client, part);
  }

  async #leave(client: number): Promise<void> {
    const sites = this.#sitesIn(this.#clients[client] ?? NOWHERE);
    const [first] = sites;
    if (first === undefined || !this.#driver.away) return;
    await this.merge(sites);
    const tree = await this.#driver.tree(first);
    const inConflict = await this.#inConflictAt(first, [...tree.objects.keys()]);
    await this.#driver.away.prepare(client, tree, inConflict);
    this.#away.set(client, new AwayClient(tree, new Set(this.#known[first]), inConflict));
  }

  async #return(client: number, part: number): Promise<void> {
    const [away, sites] = [this.#away.get(client), this.#sitesIn(part)];
    const [first] = sites;
    if (!away || !this.#driver.away || first === undefined) return;
    await this.merge(sites);
    const before: Tree[] = [];
    for (const site of sites) before.push(await this.#driver.tree(site));
    this.#away.delete(client);
    this.#clients = this.#clients.map((each, at) => (at === client ? part : each));
    const inConflict = await this.#inConflictAt(
      first,
      before.flatMap(({ objects }) => [...objects.keys()]),
    );
    const foreign = [...(this.#known[first] ?? [])].filter((fact) => !away.known.has(fact));
    await this.#driver.part?.(this.#parts, this.#clients);
    const returned = await this.#driver.away.reintegrate(client, before, sites);
    this.complaints.push(...judgeReturn({ away, before, foreign, inConflict, returned }));
    this.returns.push({ performed: returned.performed.length, refused: returned.refused.length });
    for (const operation of returned.performed) this.#note(operation, sites);
    await this.merge(sites);
  }

  async #inConflictAt(site: number, objects: readonly Id[]): Promise<ReadonlySet<Id>> {
    const found = new Set<Id>();
    for (const id of objects) if (await this.#driver.isInConflict(site, id)) found.add(id);
    return found;
  }

  #sitesIn(part: number): readonly number[] {
    return [...this.#parts.keys()].filter((site) => this.#parts[site] === part);
  }

  async #do(action: Extract<Action, { action: 'do' }>): Promise<void> {
    const sites = this.#sitesIn(this.#clients[action.client] ?? 0);
    const [first] = sites;
    if (first === undefined) return this.#doAway(action);
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
      for (const id of new Set(endsOf(operation).flatMap((end) => pathOf(tree, end))))
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
    this.#note(operation, sites);
    await this.#driver.perform(operation, sites, heard, client);
  }

  #note(operation: Operation, sites: readonly number[]): void {
    const past = new Set(sites.flatMap((site) => [...(this.#known[site] ?? [])]));
    const fact = { operation, past, sites };
    this.facts.push(fact);
    for (const site of sites) this.#known[site]?.add(fact);
  }

  async #doAway(action: Extract<Action, { action: 'do' }>): Promise<void> {
    const client = this.#away.get(action.client);
    if (!client) return;
    const operation = choose(client.tree, action, `o${this.#made + 1}`, this.#made + 1);
    if (!operation || !client.isPossible(operation)) return;
    this.#made++;
    await this.#driver.away?.perform(action.client, operation, client.tree);
    client.perform(operation);
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
