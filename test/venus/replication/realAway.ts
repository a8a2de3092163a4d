/** What real clients do that reach no server: they log it, and their logs go when they reach servers again. */
import { type AwayDriver, type Returned, allApplied } from '../server/resolution/awayClient.ts';
import { type Id, type Operation, type Tree, applied, isMaking, pathOf } from '../server/resolution/model.ts';
import { CLIENT_NAMES, type RealmDriver } from './realmDriver.ts';

/** Rounds in which a log becomes shorter, or something is wrong. */
const MANY = 200;

interface Logged {
  readonly operation: Operation;
  /** Of its records. */
  readonly sequences: ReadonlySet<number>;
}

export class RealAway implements AwayDriver {
  readonly #driver: RealmDriver;
  /** By client. */
  readonly #logged = new Map<number, Logged[]>();

  constructor(driver: RealmDriver) {
    this.#driver = driver;
  }

  /** Reads all, and takes numbers for what will be new. */
  async prepare(client: number, tree: Tree, inConflict: ReadonlySet<Id>): Promise<void> {
    await this.#client(client).manager.fids.provide(this.#driver.volume);
    for (const id of tree.objects.keys())
      if (!pathOf(tree, id).some((each) => inConflict.has(each)))
        await this.#driver.read(nameOf(client), tree, id);
    this.#logged.set(client, []);
  }

  async perform(client: number, operation: Operation, tree: Tree): Promise<void> {
    const before = this.#last(client);
    await this.#driver.askAway(nameOf(client), tree, operation);
    if (isMaking(operation)) await this.#driver.learnFid(nameOf(client), operation);
    const sequences = new Set(this.#sequences(client).filter((sequence) => sequence > before));
    this.#logged.get(client)?.push({ operation, sequences });
    await this.#driver.expectSeen(nameOf(client), applied(tree, operation), operation);
  }

  async reintegrate(client: number, before: readonly Tree[], sites: readonly number[]): Promise<Returned> {
    const { manager } = this.#client(client);
    const { volume } = this.#driver;
    const { tree, reintegrator } = manager;
    const logged = this.#logged.get(client) ?? [];
    const left = new Set(this.#sequences(client));
    const refused = new Set<Operation>();
    let marked: readonly Operation[] | undefined;
    for (let round = 0; ; round++) {
      if (round === MANY) throw new Error(`the log of ${nameOf(client)} does not go`);
      await this.#client(client).probe();
      await reintegrator.force(volume);
      const head = tree.logs.head(volume);
      if (!head) break;
      if (!head.conflict) continue;
      marked ??= operationsOf(
        logged,
        tree.logs.conflicts(volume).map(({ sequence }) => sequence),
      );
      for (const each of operationsOf(logged, [head.sequence])) refused.add(each);
      for (const container of await tree.purge(volume, head.sequence))
        await manager.containers.remove(container);
    }
    await this.#client(client).settled(volume);
    const sent = operationsOf(logged, [...left]);
    const performed = sent.filter((operation) => !refused.has(operation));
    await this.#driver.learnFrom(performed.reduce(allApplied, before), performed, sites);
    return { performed, refused: [...refused], marked: marked ?? [] };
  }

  #last(client: number): number {
    return Math.max(0, ...this.#sequences(client));
  }

  #sequences(client: number): readonly number[] {
    const { logs } = this.#client(client).manager.tree;
    return [...logs.records(this.#driver.volume)].map(({ sequence }) => sequence);
  }

  #client(client: number) {
    return this.#driver.realm.client(nameOf(client));
  }
}

function operationsOf(logged: readonly Logged[], sequences: readonly number[]): readonly Operation[] {
  return logged
    .filter((each) => sequences.some((sequence) => each.sequences.has(sequence)))
    .map(({ operation }) => operation);
}

const nameOf = (client: number): string => CLIENT_NAMES[client] ?? 'laptop';
