import { objectPriority, recencyPriority } from '../../../hoard/priority.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { FileType } from '../../../ipc/venus.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import type { Vnode } from '../../tree/vnodes.ts';
import { type Replaceable, ReplacementOrder } from './replacementOrder.ts';

/** An object that is here: its status, and for a file perhaps its contents. */
export interface CachedObject extends Replaceable {
  readonly fid: Fid;
  readonly type: FileType;
  /** The name of the directory that it is in, as {@link fidText} has it. */
  parent: string | undefined;
  /** Bytes of its contents that are here; none if they are not. */
  contents: number | undefined;
}

/** What the hoard database wants with an object: its highest priority, and the user whose entry has that. */
export interface HoardBinding {
  readonly priority: number;
  readonly uid: number;
}

/** References to other objects for which one counts as in use still. */
const IN_USE = 256;
/** Of the bound of objects, this part at most counts as in use. */
const IN_USE_PART = 8;

/**
 * What is in a cache and how much it is wanted (spec/hoard.md, 10): it follows what the transactions do to the objects.
 * How much they are hoarded outlives the process; how they were used does not.
 */
export class Inventory {
  readonly #objects = new Map<string, CachedObject>();
  /** Objects that are here by the directory that they are in. */
  readonly #children = new Map<string, number>();
  readonly #bindings: Table<HoardBinding>;
  readonly #capacity: number;
  readonly #inUse: number;
  #uses = 0;
  /** What goes first when room for objects is needed, and for contents. */
  readonly objects: ReplacementOrder<CachedObject>;
  readonly contents: ReplacementOrder<CachedObject>;

  /** @param capacity objects that the cache is to hold */
  constructor(database: Database, capacity: number) {
    this.#bindings = database.table('hoarded');
    this.#capacity = capacity;
    this.#inUse = Math.min(IN_USE, Math.floor(capacity / IN_USE_PART));
    const priority = (object: CachedObject) => this.priorityOf(object);
    this.objects = new ReplacementOrder(priority);
    this.contents = new ReplacementOrder(priority);
  }

  get size(): number {
    return this.#objects.size;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** References so far. */
  get uses(): number {
    return this.#uses;
  }

  find(fid: Fid): CachedObject | undefined {
    return this.#objects.get(fidText(fid));
  }

  all(): Iterable<CachedObject> {
    return this.#objects.values();
  }

  /** How many objects are here that are in a directory. */
  childrenOf(fid: Fid): number {
    return this.#children.get(fidText(fid)) ?? 0;
  }

  parentOf({ parent }: CachedObject): CachedObject | undefined {
    return parent === undefined ? undefined : this.#objects.get(parent);
  }

  priorityOf({ hoardPriority, lastUse }: Replaceable): number {
    return objectPriority(hoardPriority, recencyPriority(this.spreadOf(lastUse)));
  }

  /** References to other objects since one; none if there was no such one. */
  spreadOf(lastUse: number): number | undefined {
    return lastUse === 0 ? undefined : this.#uses - lastUse;
  }

  /** Somebody uses an object. */
  use(fid: Fid): void {
    const object = this.find(fid);
    if (!object) return;
    // Several uses in a row are one, which nothing else has come after.
    if (object.lastUse === 0 || object.lastUse < this.#uses) this.#uses += 1;
    object.lastUse = this.#uses;
  }

  /** Whether it was used so lately that what uses it may still be under way. */
  isInUse({ lastUse }: CachedObject): boolean {
    return lastUse > 0 && this.#uses - lastUse < this.#inUse;
  }

  /** Forgets how objects were used; how much they are hoarded stays. */
  forgetUses(): void {
    this.#uses = 0;
    for (const object of this.#objects.values()) {
      object.lastUse = 0;
      this.#order(object);
    }
  }

  bindingOf(fid: Fid): HoardBinding | undefined {
    return this.#bindings.get(fidKey(fid));
  }

  /** All that is wanted, whether it is here or not. */
  *bindings(): Generator<{ readonly fid: Fid; readonly binding: HoardBinding }> {
    for (const { key: found, value } of this.#bindings.all()) yield { fid: fidOf(found), binding: value };
  }

  /** Says how much an object is hoarded. @param binding none if it is not any more */
  bind(writer: Writer, fid: Fid, binding: HoardBinding | undefined): void {
    if (binding) writer.put(this.#bindings, fidKey(fid), binding);
    else writer.remove(this.#bindings, fidKey(fid));
    writer.afterwards(() => {
      const object = this.find(fid);
      if (!object || object.hoardPriority === (binding?.priority ?? 0)) return;
      object.hoardPriority = binding?.priority ?? 0;
      this.#order(object);
    });
  }

  /** To be called when the status of an object has come, has changed, or has gone. */
  note(before: Vnode | undefined, after: Vnode | undefined): void {
    if (before && !(after && fidText(after.fid) === fidText(before.fid))) this.#remove(before.fid);
    if (after) this.#put(after);
  }

  #put(vnode: Vnode): void {
    const id = fidText(vnode.fid);
    const parent = vnode.parent && fidText(vnode.parent);
    const contents = vnode.type === 'file' && vnode.container !== undefined ? vnode.length : undefined;
    const known = this.#objects.get(id);
    if (!known) {
      const hoardPriority = this.bindingOf(vnode.fid)?.priority ?? 0;
      const object = { fid: vnode.fid, type: vnode.type, parent, contents, hoardPriority, lastUse: 0 };
      this.#objects.set(id, object);
      this.#countChild(parent, 1);
      this.objects.put(object);
      if (contents !== undefined) this.contents.put(object);
      return;
    }
    if (known.parent !== parent) {
      this.#countChild(known.parent, -1);
      this.#countChild(parent, 1);
      known.parent = parent;
    }
    const had = known.contents !== undefined;
    known.contents = contents;
    if (contents === undefined) this.contents.remove(known);
    else if (!had) this.contents.put(known);
  }

  #remove(fid: Fid): void {
    const id = fidText(fid);
    const object = this.#objects.get(id);
    if (!object) return;
    this.#objects.delete(id);
    this.#countChild(object.parent, -1);
    this.objects.remove(object);
    this.contents.remove(object);
  }

  #countChild(parent: string | undefined, by: 1 | -1): void {
    if (parent === undefined) return;
    const count = (this.#children.get(parent) ?? 0) + by;
    if (count === 0) this.#children.delete(parent);
    else this.#children.set(parent, count);
  }

  /** Only what is in an order is put into it anew: the rest is set aside, and comes back with what is true then. */
  #order(object: CachedObject): void {
    for (const order of [this.objects, this.contents]) if (order.has(object)) order.put(object);
  }
}

/** An object as maps know it. */
export function fidText({ volume, vnode, unique }: Fid): string {
  return `${volume}.${vnode}.${unique}`;
}

function fidKey({ volume, vnode, unique }: Fid): Uint8Array {
  return key(volume, vnode, unique);
}

function fidOf(bytes: Uint8Array): Fid {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { volume: view.getUint32(0), vnode: view.getUint32(4), unique: view.getUint32(8) };
}
