import { cpuName, systemName } from '../../ipc/machine.ts';
import { textLength } from '../../ipc/text.ts';
import { fail } from '../fail.ts';
import type { ObjectStatus } from '../net/fileProtocol.ts';
import { isInconsistent } from '../tree/version.ts';
import { ROOT_VOLUME } from './cacheManager.ts';
import {
  type ExpandedPlace,
  type MountLink,
  type ObjectPlace,
  type Place,
  codaRoot,
  isMountLink,
  linkTo,
} from './place.ts';
import type { UserSession } from './userSession.ts';

const MAX_LINKS = 10;
const MAX_NAME = 255;
/** Where absolute links must lead (spec/cfs.md, 3.2). */
const CODA = '/coda';

/**
 * Walks a path from the Coda root: mount points are always crossed, links in the middle always followed.
 * @param follow whether a link in the last position is followed
 * @throws VenusError ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG
 */
export async function walk(session: UserSession, path: string, follow: boolean): Promise<Place> {
  return new Walk(session, follow).to(path);
}

/** The directory that something is in or will be in, and its name there. @throws as {@link walk}; EINVAL without a name */
export async function walkToParent(
  session: UserSession,
  path: string,
): Promise<{ readonly directory: Place; readonly name: string }> {
  const components = path.split('/').filter((component) => component !== '');
  const name = components.pop();
  if (name === undefined) return fail('EINVAL');
  return { directory: await walk(session, components.join('/'), true), name: expand(name) };
}

class Walk {
  readonly #session: UserSession;
  readonly #follow: boolean;
  /** From the Coda root down to where the walk is. */
  readonly #stack: Place[] = [codaRoot];
  #links = 0;

  constructor(session: UserSession, follow: boolean) {
    this.#session = session;
    this.#follow = follow;
  }

  async to(path: string): Promise<Place> {
    let waiting = path.split('/');
    for (let component = waiting.shift(); component !== undefined; component = waiting.shift()) {
      if (component === '') continue;
      this.#checkDirectory();
      if (component === '.') continue;
      if (component === '..') this.#up();
      else {
        const isLast = waiting.every((rest) => rest === '');
        const links = await this.#down(expand(component), isLast && !this.#follow);
        waiting = [...links, ...waiting];
      }
    }
    return this.#here();
  }

  #here(): Place {
    return this.#stack.at(-1) ?? codaRoot;
  }

  #checkDirectory(): void {
    const here = this.#here();
    if (here.kind === 'object' && here.status.type !== 'directory') fail('ENOTDIR');
  }

  #up(): void {
    if (this.#stack.length === 1) fail('ENOENT');
    this.#stack.pop();
  }

  /** One step down. @returns the components of a link that is to be followed instead */
  async #down(name: string, keepLink: boolean): Promise<readonly string[]> {
    if (textLength(name) > MAX_NAME) fail('ENAMETOOLONG');
    const here = this.#here();
    if (here.kind === 'root') {
      this.#stack.push(await this.#realmRoot(name));
      return [];
    }
    const path = `${here.path}/${name}`;
    if (here.kind === 'expanded') {
      this.#stack.push(await here.expanded.version(this.#session, name, path));
      return [];
    }
    const place = this.#shown(await this.#child(here, name, path));
    if (place.kind === 'expanded' || place.mount || place.status.type !== 'symlink' || keepLink) {
      this.#stack.push(place);
      return [];
    }
    return this.#linkTarget(place.status.target ?? '');
  }

  async #child(here: ObjectPlace, name: string, path: string): Promise<ObjectPlace> {
    const status = await here.session.lookup(here.status.fid, name);
    const mounted = isMountLink(status) ? await this.#mounted(path, status, here) : undefined;
    return mounted ?? { kind: 'object', path, status, session: here.session };
  }

  /** As it shows: an object in conflict is a link that leads nowhere, unless it is expanded (spec/repair.md, 2.2). */
  #shown(place: ObjectPlace): ObjectPlace | ExpandedPlace {
    const { session, path, status } = place;
    if (session !== this.#session || session.isReadOnly) return place;
    const { client } = session;
    const expanded = client.repairs.of(status.fid) ?? client.expansions.of(status.fid);
    if (expanded) return { kind: 'expanded', path, expanded };
    // The root of a volume stays a directory, so that a conflict of one name does not hide all of it.
    const isInConflict = !place.mount && client.tree.logs.isInConflict(status.fid);
    if (!isInConflict && !isInconsistent(status)) return place;
    return { ...place, status: linkTo(status.fid, session.realm, client.now(), status) };
  }

  #linkTarget(target: string): readonly string[] {
    this.#links += 1;
    if (this.#links > MAX_LINKS) fail('ELOOP');
    if (!target.startsWith('/')) return target.split('/');
    if (target !== CODA && !target.startsWith(`${CODA}/`))
      fail('ENOENT', `The link leads out of Coda, to ${target}.`);
    this.#stack.splice(1);
    return target.slice(CODA.length).split('/');
  }

  async #realmRoot(name: string): Promise<ObjectPlace | ExpandedPlace> {
    if (name !== this.#session.realm) fail('ENOENT');
    const volume = (await this.#session.client.locateByName(ROOT_VOLUME)) ?? fail('ENOENT');
    const link = { contents: `@${name}.`, directory: undefined };
    return this.#shown(await this.#volumeRoot(volume.id, `/${name}`, name, link));
  }

  /** The volume behind a mount link; undefined where there is none, or the one it is in: then the link dangles. */
  async #mounted(path: string, link: ObjectStatus, parent: ObjectPlace): Promise<ObjectPlace | undefined> {
    const contents = link.target ?? '';
    const [name = '', realm] = contents.slice(1).replace(/\.$/, '').split('@');
    if (realm !== undefined && realm !== this.#session.realm) return undefined;
    const inRealm = path.slice(`/${this.#session.realm}/`.length);
    const volume = await this.#session.client.locateByName(name === '' ? inRealm : name);
    if (!volume || volume.id === link.fid.volume) return undefined;
    const entry = path.slice(parent.path.length + 1);
    return this.#volumeRoot(volume.id, path, entry, { contents, directory: parent.status.fid });
  }

  async #volumeRoot(volume: number, path: string, name: string, mount: MountLink): Promise<ObjectPlace> {
    const { client } = this.#session;
    client.locations.noteMount(volume, { directory: mount.directory, name });
    const status = await this.#session.status({ volume, vnode: 1, unique: 1 });
    return { kind: 'object', path, status, mount, session: this.#session };
  }
}

/** Components that end in @sys or @cpu stand for what this machine is (spec/cfs.md, 3.2). */
function expand(component: string): string {
  return component.replace(/@sys$/, systemName()).replace(/@cpu$/, cpuName());
}
