/** What the logs of diverged replicas are about: updates, objects and names, each with which replica has it. */
import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import type { LoggedUpdate, NamedFid } from './loggedUpdate.ts';
import type { Replica, ReplicaObject } from './mergePlan.ts';
import { allOf } from './sides.ts';

/** Most names and objects are touched once at one replica: the others share it. */
const NOTHING: never[] = [];

function append<T>(lists: T[][], place: number, value: T): void {
  const list = lists[place];
  if (list && list.length > 0) list.push(value);
  else lists[place] = [value];
}

/** One update, however many replicas have it. Sets of replicas are bits (sides.ts). */
export class Update {
  readonly storeId: StoreId;
  /** Which replicas performed it. */
  known = 0;
  /** What it did: one, but of a repair, which does at each replica what is needed there. */
  readonly logged: LoggedUpdate[] = [];

  constructor(storeId: StoreId) {
    this.storeId = storeId;
  }
}

/** A name that came or went at a replica. */
export interface Effect {
  readonly update: Update;
  readonly kind: LoggedUpdate['kind'];
  readonly isAdded: boolean;
  /** Later effects at the same replica have greater ones. */
  readonly order: number;
}

/** A name in a directory standing for an object: what comes and goes. */
export class Pair {
  readonly slot: Slot;
  readonly item: Item;
  /** By replica, in the order of its log. */
  readonly effects: Effect[][];
  /** Which replicas have it now. */
  now = 0;
  /** Whether all replicas have it that have, or had, the directory. */
  isEverywhere = false;
  /** Whether it was there before the replicas went different ways. */
  before = false;
  /** Whether it should be there after the merge. */
  desired = false;
  /** In conflict: stays at each replica as it is. */
  isFrozen = false;
  /** Replicas where it has to stay as it is, since something else does. */
  withheld = 0;

  constructor(slot: Slot, item: Item, count: number) {
    this.slot = slot;
    this.item = item;
    this.effects = new Array<Effect[]>(count).fill(NOTHING);
  }

  note(place: number, effect: Effect): void {
    append(this.effects, place, effect);
  }

  get directory(): Item {
    return this.slot.directory;
  }

  get named(): NamedFid {
    return { directory: this.directory.fid, name: this.slot.name, fid: this.item.fid };
  }
}

/** A name in a directory, whatever it stands for. */
export interface Slot {
  readonly directory: Item;
  readonly name: string;
  readonly pairs: Pair[];
}

/** An object. */
export class Item {
  readonly fid: Fid;
  readonly objects: readonly (ReplicaObject | undefined)[];
  /** Which replicas have it. */
  readonly present: number;
  /** Of its names, those that came or went. */
  readonly names: Pair[] = [];
  /** Of what is in it, the names that came or went. */
  readonly entries: Pair[] = [];
  /** By replica, the updates that made its contents and status what they are there. */
  readonly changes: Update[][];
  /** Updates that count in its version vector. */
  readonly touches: Update[] = [];
  /** Of what is in it, by name. */
  readonly slots = new Map<string, Slot>();
  /** Replicas that had it and do not any more. */
  gone = 0;
  /** Whether it is to go everywhere. */
  dies = false;
  /** To be removed or not is in conflict: stays where it is, and gone where it is gone. */
  isHeld = false;
  /** The replicas with the newest contents and status; none if those cannot be told, or there is no choice. */
  newest = 0;

  constructor(fid: Fid, replicas: readonly Replica[]) {
    this.fid = fid;
    this.objects = replicas.map((replica) => replica.object(fid));
    this.present = this.objects.reduce((sides, object, place) => (object ? sides | (1 << place) : sides), 0);
    this.changes = new Array<Update[]>(replicas.length).fill(NOTHING);
  }

  /** Notes an update that counts in its version vector. */
  touch(update: Update): void {
    if (this.touches.at(-1) !== update) this.touches.push(update);
  }

  /** Of what is in a directory that stays, the rest merges; a file is taken as a whole. */
  get staysAsItIs(): boolean {
    return this.isHeld && !this.isDirectory;
  }

  get isDirectory(): boolean {
    return this.fid.vnode % 2 === 1;
  }

  /** Replicas at which it has only names that came or went. */
  get withoutOtherNames(): number {
    if (this.isDirectory) return this.names.length > 0 ? this.present : 0;
    let sides = 0;
    for (const [place, object] of this.objects.entries()) {
      const listed = this.names.filter(({ now }) => (now & (1 << place)) !== 0).length;
      if (object && object.linkCount <= listed) sides |= 1 << place;
    }
    return sides;
  }
}

/** All that the logs are about. */
export class VolumeView {
  readonly replicas: readonly Replica[];
  /** All replicas, as bits. */
  readonly everybody: number;
  readonly updates: Update[] = [];
  readonly items: Item[] = [];
  readonly slots: Slot[] = [];
  readonly pairs: Pair[] = [];
  // By numbers: texts as keys would take most of the time.
  readonly #updates = new Map<number, Map<number, Update>>();
  readonly #items = new Map<number, Item[]>();
  #order = 0;

  constructor(replicas: readonly Replica[]) {
    this.replicas = replicas;
    this.everybody = allOf(replicas.length);
    for (const [place, { log }] of replicas.entries())
      for (const logged of log) this.#noteKnown(place, logged);
    for (const [place, replica] of replicas.entries()) {
      for (const logged of this.#forgottenBy(replica, place)) this.#perform(place, logged);
      for (const logged of replica.log) this.#perform(place, logged);
    }
    for (const slot of this.slots) this.#look(slot);
    for (const item of this.items) item.gone &= ~item.present;
  }

  item(fid: Fid): Item {
    const known = this.known(fid);
    if (known) return known;
    const item = new Item(fid, this.replicas);
    const others = this.#items.get(fid.vnode);
    if (others) others.push(item);
    else this.#items.set(fid.vnode, [item]);
    this.items.push(item);
    return item;
  }

  /** An object that logs are about; nothing for another one. */
  known({ vnode, unique }: Fid): Item | undefined {
    return this.#items.get(vnode)?.find(({ fid }) => fid.unique === unique);
  }

  update({ host, unique }: StoreId): Update {
    let ofHost = this.#updates.get(host);
    if (!ofHost) this.#updates.set(host, (ofHost = new Map<number, Update>()));
    let update = ofHost.get(unique);
    if (!update) {
      update = new Update({ host, unique });
      ofHost.set(unique, update);
      this.updates.push(update);
    }
    return update;
  }

  #noteKnown(place: number, logged: LoggedUpdate): void {
    const update = this.update(logged.storeId);
    update.known |= 1 << place;
    if (update.logged.length === 0 || logged.kind === 'repair') update.logged.push(logged);
  }

  /** What a replica has performed and does not log any more; others do. */
  #forgottenBy({ isConcluded }: Replica, place: number): readonly LoggedUpdate[] {
    if (!isConcluded) return [];
    const forgotten: LoggedUpdate[] = [];
    for (const update of this.updates) {
      const [logged] = update.logged;
      if (!logged || (update.known & (1 << place)) !== 0 || !isConcluded(update.storeId)) continue;
      update.known |= 1 << place;
      forgotten.push(logged);
    }
    return forgotten;
  }

  #perform(place: number, { storeId, kind, added, removed, made, gone, changed }: LoggedUpdate): void {
    const update = this.update(storeId);
    const order = this.#order++;
    for (const [names, isAdded] of [
      [removed, false],
      [added, true],
    ] as const)
      for (const named of names) {
        const pair = this.pair(named);
        pair.note(place, { update, kind, isAdded, order });
        pair.directory.touch(update);
        pair.item.touch(update);
      }
    for (const fid of gone) this.item(fid).gone |= 1 << place;
    for (const fid of made) this.item(fid);
    for (const fid of changed) {
      const item = this.item(fid);
      item.touch(update);
      // A repair of a file puts new contents in the place of all that there was.
      if (kind === 'repair' && !item.isDirectory) item.changes[place] = [];
      append(item.changes, place, update);
    }
  }

  pair({ directory, name, fid }: NamedFid): Pair {
    const slot = this.#slot(this.item(directory), name);
    const known = slot.pairs.find(
      ({ item }) => item.fid.vnode === fid.vnode && item.fid.unique === fid.unique,
    );
    if (known) return known;
    const item = this.item(fid);
    const pair = new Pair(slot, item, this.replicas.length);
    slot.pairs.push(pair);
    slot.directory.entries.push(pair);
    item.names.push(pair);
    this.pairs.push(pair);
    return pair;
  }

  #slot(directory: Item, name: string): Slot {
    const known = directory.slots.get(name);
    if (known) return known;
    const slot: Slot = { directory, name, pairs: [] };
    directory.slots.set(name, slot);
    this.slots.push(slot);
    return slot;
  }

  #look({ directory, name }: Slot): void {
    for (const [place, replica] of this.replicas.entries()) {
      if (!directory.objects[place]) continue;
      const fid = replica.entry(directory.fid, name);
      if (fid) this.pair({ directory: directory.fid, name, fid }).now |= 1 << place;
    }
  }
}
