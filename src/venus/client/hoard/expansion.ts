import { type Excluder, excluder } from '../../../hoard/exclude.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { HoardReason } from '../../../ipc/hoard.ts';
import { ROOT_VNODE } from '../../tree/vnodes.ts';
import { ROOT_VOLUME } from '../cacheManager.ts';
import { fidText } from '../cache/inventory.ts';
import type { StoredEntry } from './hoardDatabase.ts';
import { LookupFailure, type Member, type SeenObject, type View, reasonOf } from './view.ts';

/** Something that an entry needs. */
export type Found =
  /** A directory or a link on the way to it. */
  | { readonly kind: 'way'; readonly object: SeenObject }
  /** What it names or expands to; `name` as entries have it. */
  | {
      readonly kind: 'object';
      readonly object: SeenObject;
      readonly name: string;
      readonly isEntry: boolean;
    }
  | {
      readonly kind: 'failure';
      readonly name: string;
      readonly isEntry: boolean;
      readonly reason: HoardReason;
      readonly why: string;
      readonly fid?: Fid;
    };

/** Members looked at together. */
const PAGE = 512;
/** Links followed for one name, and directories within each other. */
const [MAX_LINKS, MAX_DEPTH] = [10, 1023];
const CODA = '/coda';

/**
 * All that an entry needs (spec/hoard.md, 9): the components of its path from the root of the volume, with links followed
 * and mount points crossed, and the members that it expands to, each found in the same way.
 */
export class Expansion {
  readonly #entry: StoredEntry;
  readonly #view: View;
  readonly #excludes: Excluder;
  /** Directories whose members have been found: links may lead to them again. */
  readonly #expanded = new Set<string>();
  readonly #realm: string;

  constructor(entry: StoredEntry, view: View) {
    this.#entry = entry;
    this.#view = view;
    this.#realm = entry.realm;
    this.#excludes = excluder(entry.exclude);
  }

  async *run(): AsyncGenerator<Found> {
    const { volume, name, expansion } = this.#entry;
    const found = yield* this.#find(name, true, [rootOf(volume)], [HERE, ...name.split('/')]);
    if (found && expansion !== 'none') yield* this.#members(found, name, '', 1);
  }

  /** @returns the directories down to what was found, if that is one */
  async *#find(
    name: string,
    isEntry: boolean,
    from: readonly Fid[],
    components: readonly string[],
  ): AsyncGenerator<Found, readonly Fid[] | undefined> {
    const lookup = new Lookup(this.#view, this.#realm, from, components);
    try {
      for (let object = await lookup.next(); object; object = await lookup.next()) {
        if (lookup.isAtEnd) yield { kind: 'object', object, name, isEntry };
        else yield { kind: 'way', object };
      }
      return lookup.directories;
    } catch (error) {
      const { failedAt: fid, link } = lookup;
      const reason = reasonOf(error);
      // A link in a directory that leads nowhere is a link all the same.
      if (!isEntry && link && DANGLING.has(reason)) yield { kind: 'object', object: link, name, isEntry };
      else yield { kind: 'failure', name, isEntry, reason, why: whyOf(error), ...(fid && { fid }) };
      return undefined;
    }
  }

  async *#members(
    directories: readonly Fid[],
    name: string,
    below: string,
    depth: number,
  ): AsyncGenerator<Found> {
    const directory = directories.at(-1);
    if (!directory || depth > MAX_DEPTH || this.#expanded.has(fidText(directory))) return;
    this.#expanded.add(fidText(directory));
    for (let after: string | undefined; ;) {
      let page: readonly Member[];
      try {
        page = await this.#view.members(directory, after, PAGE);
        after = page.at(-1)?.name;
        const wanted = page.filter((member) => !this.#isExcluded(below, member));
        await this.#view.prepare(wanted.map(({ fid }) => fid));
        yield* this.#each(wanted, directories, name, below, depth);
      } catch (error) {
        const reason = reasonOf(error);
        yield { kind: 'failure', name, isEntry: depth === 1, reason, why: whyOf(error), fid: directory };
        return;
      }
      if (page.length < PAGE) return;
    }
  }

  async *#each(
    members: readonly Member[],
    directories: readonly Fid[],
    name: string,
    below: string,
    depth: number,
  ): AsyncGenerator<Found> {
    for (const member of members) {
      const memberName = `${name}/${member.name}`;
      const found = yield* this.#find(memberName, false, directories, [member.name]);
      if (found && this.#entry.expansion === 'descendants')
        yield* this.#members(found, memberName, joined(below, member.name), depth + 1);
    }
  }

  #isExcluded(below: string, { name, type }: Member): boolean {
    return this.#excludes(joined(below, name), type === 'directory');
  }
}

/** What a path from the root of a volume leads to. @throws LookupFailure, VenusError */
export async function lookUp(
  view: View,
  realm: string,
  volume: number,
  components: readonly string[],
): Promise<Fid> {
  const lookup = new Lookup(view, realm, [rootOf(volume)], [HERE, ...components]);
  let last = rootOf(volume);
  for (let object = await lookup.next(); object; object = await lookup.next()) last = object.fid;
  return last;
}

/** Looks up one name, component by component; links put their own in the place of one. */
class Lookup {
  readonly #view: View;
  readonly #realm: string;
  #directories: Fid[];
  #waiting: string[];
  #links = 0;
  #isDirectory = true;
  /** What came last, of what could not be looked up. */
  failedAt: Fid | undefined;
  /** The first link on the way. */
  link: SeenObject | undefined;

  constructor(view: View, realm: string, from: readonly Fid[], components: readonly string[]) {
    this.#view = view;
    this.#realm = realm;
    this.#directories = [...from];
    this.#waiting = components.filter((name) => name === HERE || isStep(name));
  }

  get isAtEnd(): boolean {
    return this.#waiting.length === 0;
  }

  /** Those on the way to what was found, with itself; none if it is no directory. */
  get directories(): readonly Fid[] | undefined {
    return this.#isDirectory ? this.#directories : undefined;
  }

  /** The next object on the way; none after the last. */
  async next(): Promise<SeenObject | undefined> {
    const name = this.#waiting.shift();
    if (name === undefined) return undefined;
    if (!this.#isDirectory) throw new LookupFailure('not a directory');
    if (name === HERE) return this.#look(this.#here());
    if (name === '..') return this.#up();
    const directory = this.#here();
    this.failedAt = directory;
    const member = await this.#view.member(directory, name);
    if (!member) throw new LookupFailure('no such name', `${name} is not in its directory.`);
    const object = await this.#look(member.fid);
    if (object.type === 'symlink') await this.#follow(object, name);
    else this.#enter(object);
    return object;
  }

  async #look(fid: Fid): Promise<SeenObject> {
    this.failedAt = fid;
    const object = await this.#view.object(fid);
    if (object.isInConflict) throw new LookupFailure('conflict');
    return object;
  }

  #here(): Fid {
    const here = this.#directories.at(-1);
    if (!here) throw new LookupFailure('bad link', 'It leads out of Coda.');
    return here;
  }

  #enter({ fid, type }: SeenObject): void {
    this.#isDirectory = type === 'directory';
    if (this.#isDirectory) this.#directories.push(fid);
  }

  async #up(): Promise<SeenObject> {
    const left = this.#directories.pop();
    if (left && this.#directories.length === 0) {
      const above = this.#view.above(left.volume);
      if (above) this.#directories.push(above);
    }
    return this.#look(this.#here());
  }

  async #follow(link: SeenObject, name: string): Promise<void> {
    this.link ??= link;
    if (link.mounts !== undefined) {
      const volume = await this.#view.volumeOf(link.mounts === '' ? name : link.mounts);
      if (volume === undefined || volume === link.fid.volume) throw new LookupFailure('bad link');
      this.#directories.push(rootOf(volume));
      // The root is the next thing on the way.
      this.#waiting.unshift(HERE);
      return;
    }
    this.#links += 1;
    if (this.#links > MAX_LINKS) throw new LookupFailure('bad link', 'Links lead round in a circle.');
    const target = link.target ?? '';
    if (target.startsWith('/')) await this.#fromTop(target);
    else this.#waiting.unshift(...target.split('/').filter(isStep));
  }

  /** A link that begins at the top must lead into Coda (spec/cfs.md, 3.2). */
  async #fromTop(target: string): Promise<void> {
    const [coda, realm, ...rest] = target.split('/').filter((name) => name !== '');
    if (`/${coda}` !== CODA || realm !== this.#realm)
      throw new LookupFailure('bad link', 'It leads out of Coda.');
    const volume = await this.#view.volumeOf(ROOT_VOLUME);
    if (volume === undefined) throw new LookupFailure('not fetched');
    this.#directories = [rootOf(volume)];
    this.#waiting.unshift(HERE, ...rest.filter(isStep));
  }
}

/** Stands for the directory where a lookup is; no name is empty. */
const HERE = '';
/** What becomes of a link that leads nowhere. */
const DANGLING: ReadonlySet<HoardReason> = new Set(['no such name', 'bad link', 'not a directory']);

function isStep(name: string): boolean {
  return name !== '' && name !== '.';
}

function whyOf(error: unknown): string {
  if (error instanceof VenusError) return error.why ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

function rootOf(volume: number): Fid {
  return { volume, vnode: ROOT_VNODE, unique: ROOT_VNODE };
}

function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
