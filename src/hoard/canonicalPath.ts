/** From a path to what an entry of the hoard database is known by (spec/hoard.md, 4). */
import { errno } from '../ipc/errno.ts';
import { BadPathError, VenusError, isErrno } from '../ipc/errors.ts';
import type { RealmFid } from '../ipc/fid.ts';
import { type HoardName, MAX_HOARD_NAME, isHoardName } from '../ipc/hoardName.ts';

/** What is asked about paths below the Coda root, as `/example.org/usr`. */
export interface PathLookup {
  /**
   * The object at a path, mount points crossed.
   * @param follow whether a link in the last position is followed
   * @throws VenusError
   */
  identify(path: string, follow: boolean): Promise<RealmFid>;
  readlink(path: string): Promise<string>;
  /** The path below the Coda root that an absolute one is. @throws NotCodaPathError */
  toVenusPath(absolute: string): string;
}

/** Where a path leads, without any link. */
export interface CanonicalPath {
  readonly name: HoardName;
  /** Below the Coda root. */
  readonly path: string;
  /** Undefined for what does not exist yet, which may be hoarded all the same. */
  readonly fid: RealmFid | undefined;
  /** The links that were followed, in their order: they are needed to get there. */
  readonly links: readonly HoardName[];
  /** Whether the path itself names a link, the last of them. */
  readonly isLink: boolean;
}

/** As Linux has it. */
const MAX_LINKS = 40;
/** Objects that are remembered, so that of many paths each directory is asked for once. */
const REMEMBERED = 10_000;

type Found = { readonly kind: 'nothing' } | { readonly kind: 'object' | 'link'; readonly fid: RealmFid };

/** A directory on the way, or what stands at its end. */
interface Step {
  readonly path: string;
  readonly fid: RealmFid | undefined;
  /** The path of the root of the volume that it is in; undefined at the Coda root. */
  readonly root: string | undefined;
  readonly volume: Pick<RealmFid, 'volume' | 'realm'> | undefined;
}

const codaRoot: Step = { path: '', fid: undefined, root: undefined, volume: undefined };

/** Finds out where paths lead. What it has found out about one serves for the others. */
export class CanonicalPaths {
  readonly #lookup: PathLookup;
  readonly #known = new Map<string, Promise<Found>>();

  constructor(lookup: PathLookup) {
    this.#lookup = lookup;
  }

  /**
   * Follows all links, in the last position too. Where a component does not exist or is no directory, the rest is taken
   * as it is.
   * @param path below the Coda root
   * @throws VenusError for what cannot be looked up, ELOOP; NotCodaPathError for a link out of Coda; BadPathError
   */
  async resolve(path: string): Promise<CanonicalPath> {
    const steps: Step[] = [codaRoot];
    const links: HoardName[] = [];
    let waiting = componentsOf(path);
    let isLink = false;
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (name === '..') {
        up(steps);
        continue;
      }
      const from = steps.at(-1) ?? codaRoot;
      const at = `${from.path}/${name}`;
      const found = await this.#find(from, at);
      if (found.kind === 'link') {
        const text = await this.#lookup.readlink(at);
        if (waiting.length === 0 && links.length === 0) isLink = true;
        links.push(nameOf({ ...from, path: at }));
        if (links.length > MAX_LINKS) throw new VenusError(errno('ELOOP'));
        if (text.startsWith('/')) steps.length = 1;
        const target = text.startsWith('/') ? this.#lookup.toVenusPath(text) : text;
        waiting = [...componentsOf(target), ...waiting];
      } else steps.push(stepTo(from, at, found.kind === 'object' ? found.fid : undefined));
    }
    const end = steps.at(-1) ?? codaRoot;
    return { name: nameOf(end), path: end.path, fid: end.fid, links, isLink };
  }

  #find(from: Step, path: string): Promise<Found> {
    // Below what does not exist there is nothing.
    if (from !== codaRoot && from.fid === undefined) return Promise.resolve({ kind: 'nothing' });
    const known = this.#known.get(path);
    if (known) return known;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const found = this.#ask(path);
    this.#known.set(path, found);
    return found;
  }

  async #ask(path: string): Promise<Found> {
    const fid = await this.#identify(path, false);
    if (fid === undefined) return { kind: 'nothing' };
    // Links and files have even numbers.
    if (fid.vnode % 2 === 1 || !(await this.#leadsElsewhere(path, fid))) return { kind: 'object', fid };
    return { kind: 'link', fid };
  }

  async #leadsElsewhere(path: string, fid: RealmFid): Promise<boolean> {
    try {
      const target = await this.#identify(path, true);
      return target === undefined || !isSame(target, fid);
    } catch (error) {
      // Only a link can be looked at itself while what it leads to cannot.
      if (error instanceof VenusError) return true;
      throw error;
    }
  }

  async #identify(path: string, follow: boolean): Promise<RealmFid | undefined> {
    try {
      return await this.#lookup.identify(path, follow);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((component) => component !== '' && component !== '.');
}

/** @throws VenusError ENOENT above the Coda root */
function up(steps: Step[]): void {
  if (steps.length === 1) throw new VenusError(errno('ENOENT'), { why: 'The path leads out of Coda.' });
  steps.pop();
}

/** One step down. Where the volume or the realm is another one, a volume begins. */
function stepTo(from: Step, path: string, fid: RealmFid | undefined): Step {
  const isSameVolume =
    fid === undefined || (from.volume?.volume === fid.volume && from.volume.realm === fid.realm);
  if (isSameVolume) return { path, fid, root: from.root, volume: from.volume };
  return { path, fid, root: path, volume: { volume: fid.volume, realm: fid.realm } };
}

/** @throws VenusError, BadPathError */
function nameOf({ path, root, volume }: Pick<Step, 'path' | 'root' | 'volume'>): HoardName {
  if (root === undefined || volume === undefined) throw outsideVolumes(path);
  const name = `.${path.slice(root.length)}`;
  if (!isHoardName(name))
    throw new BadPathError('File name too long', {
      why: `Below the root of its volume a hoarded path has at most ${MAX_HOARD_NAME} bytes.`,
    });
  return { ...volume, name };
}

function outsideVolumes(path: string): VenusError {
  const realm = /^\/([^/]+)/.exec(path)?.[1];
  return realm === undefined
    ? new VenusError(errno('EINVAL'), {
        why: 'The Coda root itself is in no volume: name something below it.',
      })
    : new VenusError(errno('ENOENT'), { why: `There is no realm ${realm} that venus knows.` });
}

function isSame(one: RealmFid, other: RealmFid): boolean {
  return (
    one.volume === other.volume &&
    one.vnode === other.vnode &&
    one.unique === other.unique &&
    one.realm === other.realm
  );
}
