/** Runs histories on real servers, stores, clients and links, and sees at the servers what has come of them. */
import { expect } from 'vitest';
import { formatAcl } from '../../../src/acl/accessList.ts';
import type { Fid } from '../../../src/ipc/fid.ts';
import { Changes } from '../../../src/venus/client/changes.ts';
import type { ReplicatedRealm } from '../../support/replicatedRealm.ts';
import type { Driver } from '../server/resolution/history.ts';
import {
  type Conflict,
  type Id,
  type ModelObject,
  type Operation,
  ROOT,
  type Tree,
  endsOf,
  isMaking,
  namesOf,
  pathOf,
} from '../server/resolution/model.ts';
import { REALM, rootOf } from '../support.ts';
import { RealAway } from './realAway.ts';
import { type SeenObject, type SeenVolume, seen, textOfFid } from './seenVolume.ts';

export const CLIENT_NAMES = ['laptop', 'desk'] as const;

/** What a server may miss of an update, or its client of the server. */
const LOSSES = [
  { name: 'concludeUpdates', fate: 'lose request' },
  { name: 'reintegrate', fate: 'lose answer' },
  { name: 'reintegrate', fate: 'lose request' },
  { name: 'concludeUpdates', fate: 'lose answer' },
] as const;

/** A volume of a realm, in which one history happens. */
export class RealmDriver implements Driver {
  readonly realm: ReplicatedRealm;
  readonly volume: number;
  readonly #path: string;
  #operations = 0;
  readonly #fids = new Map<Id, Fid>();
  readonly #ids = new Map<string, Id>();
  /** By object, and how it looks: the changes that made it so. */
  readonly #writes = new Map<string, ReadonlySet<string>>();
  readonly away = new RealAway(this);
  /** Called when servers of a part have resolved what they differ in, with what has become inconsistent by that. */
  onConflicts: (sites: readonly number[], objects: readonly Id[]) => Promise<void> = () => Promise.resolve();

  static async make(realm: ReplicatedRealm, name: string): Promise<RealmDriver> {
    // A history that failed may have ended in the middle of a loss.
    realm.fateOf = () => 'pass';
    await realm.separate([...realm.servers, ...realm.clients].map((each) => each.name));
    return new RealmDriver(realm, await realm.volume(name), `/${REALM}/${name}`);
  }

  private constructor(realm: ReplicatedRealm, volume: number, path: string) {
    this.realm = realm;
    this.volume = volume;
    this.#path = path;
    this.#note(ROOT, rootOf(volume));
  }

  get sites(): readonly number[] {
    return [...this.realm.servers.keys()];
  }

  async part(servers: readonly number[], clients: readonly number[]): Promise<void> {
    const groups = [0, 1].map((part) => [
      ...servers.flatMap((each, site) => (each === part ? [this.#server(site)] : [])),
      ...clients.flatMap((each, client) => (each === part ? (CLIENT_NAMES[client] ?? []) : [])),
    ]);
    await this.realm.separate(...groups);
  }

  async heal(): Promise<void> {
    await this.part(
      this.sites.map(() => 0),
      CLIENT_NAMES.map(() => 0),
    );
  }

  async perform(
    operation: Operation,
    sites: readonly number[],
    heard: readonly number[],
    client: number,
  ): Promise<void> {
    const [site = 0] = sites;
    const tree = await this.tree(site);
    const deaf = new Set(sites.filter((each) => !heard.includes(each)).map((each) => this.#server(each)));
    this.realm.clock.advance(1000);
    this.#operations += 1;
    const loss = LOSSES[this.#operations % LOSSES.length] ?? LOSSES[0];
    // It comes to one at least, or the others would not hear of it either.
    if (loss.fate === 'lose answer' || loss.name === 'concludeUpdates' || deaf.size < sites.length)
      this.realm.fateOf = ({ to, name }) => (name === loss.name && deaf.has(to) ? loss.fate : 'pass');
    const name = CLIENT_NAMES[client] ?? 'laptop';
    await this.#ask(name, tree, operation, true);
    await this.realm.client(name).settled(this.volume);
    this.realm.fateOf = () => 'pass';
    // Who does not answer is taken for unreachable; and what nobody has answered is sent again.
    await this.realm.client(name).probe();
    await this.#sent(name);
    // A server that did not get an update gets it when somebody looks.
    if (loss.fate === 'lose request' && loss.name === 'reintegrate' && deaf.size > 0)
      await this.realm.server(this.#server(site)).resolveVolume({ volume: this.volume });
    await this.#learn(operation, tree, sites);
  }

  async merge(sites: readonly number[]): Promise<readonly Conflict[]> {
    const before = await this.#inConflict(sites);
    const [first = 0] = sites;
    await this.realm.server(this.#server(first)).resolveVolume({ volume: this.volume });
    const marked = await this.#inConflict(sites);
    await this.onConflicts(
      sites,
      [...marked].filter((id) => !before.has(id)),
    );
    return [...marked].map((object) => ({ object, kind: 'marked' }));
  }

  async tree(site: number): Promise<Tree> {
    const { objects, entries } = await this.look(site);
    return {
      objects: new Map(objects.map((each) => [this.idOf(each.fid), this.#modelOf(each)])),
      entries: new Map(
        [...entries].map(([directory, names]) => [
          this.#idOfText(directory),
          new Map([...names].map(([name, fid]) => [name, this.#idOfText(fid)])),
        ]),
      ),
    };
  }

  async isInConflict(site: number, object: Id): Promise<boolean> {
    return (await this.#inConflict([site])).has(object);
  }

  /** All that a server has of the volume. */
  look(site: number): Promise<SeenVolume> {
    return seen(this.realm.server(this.#server(site)), this.volume);
  }

  /** What a client sees at a path: contents, a target, or names. */
  async read(client: string, tree: Tree, object: Id): Promise<string> {
    const path = this.pathTo(tree, object);
    const at = this.realm.client(client);
    switch (tree.objects.get(object)?.type) {
      case 'directory':
        return (await at.names(path)).join(' ');
      case 'symlink':
        return at.files().readlink(path);
      case 'file':
      case undefined:
        return at.read(path);
    }
  }

  pathTo(tree: Tree, object: Id): string {
    const names = pathOf(tree, object).flatMap((id) => namesOf(tree, id)[0]?.name ?? []);
    return [this.#path, ...names.reverse()].join('/');
  }

  idOf(fid: Fid): Id {
    return this.#idOfText(textOfFid(fid));
  }

  /** A client does something that reaches no server. */
  async askAway(name: string, tree: Tree, operation: Operation): Promise<void> {
    this.realm.clock.advance(1000);
    await this.#ask(name, tree, operation, false);
  }

  /** Notes which fid a client has given to something new. */
  async learnFid(
    name: string,
    { directory, name: made, object }: Extract<Operation, { op: 'create' | 'mkdir' | 'symlink' }>,
  ): Promise<void> {
    const { fid } = await this.realm.client(name).session().lookup(this.#fid(directory), made);
    this.#note(object, fid);
  }

  /** Notes how objects look at servers that have taken operations, and so are as trees say. */
  async learnFrom(
    trees: readonly Tree[],
    operations: readonly Operation[],
    sites: readonly number[],
  ): Promise<void> {
    const touched = new Set(operations.map(({ object }) => object));
    for (const [at, site] of sites.entries())
      for (const object of (await this.look(site)).objects) {
        const id = this.idOf(object.fid);
        const [own] = [trees[at], ...trees].flatMap((tree) => tree?.objects.get(id) ?? []);
        if (touched.has(id) && own) this.#writes.set(this.#look(id, object), own.writes);
      }
  }

  /** Checks that a client sees what it has done itself. */
  async expectSeen(name: string, tree: Tree, operation: Operation): Promise<void> {
    for (const directory of endsOf(operation).filter((id) => tree.entries.has(id))) {
      const names = await this.realm.client(name).names(this.pathTo(tree, directory));
      expect(names).toEqual([...(tree.entries.get(directory)?.keys() ?? [])].sort());
    }
  }

  async #ask(name: string, tree: Tree, operation: Operation, isConnected: boolean): Promise<void> {
    const client = this.realm.client(name);
    const files = client.files();
    const at = (directory: Id, each: string) => `${this.pathTo(tree, directory)}/${each}`;
    switch (operation.op) {
      case 'create':
        return client.write(at(operation.directory, operation.name), `made as ${operation.object}`);
      case 'mkdir':
        return files.mkdir(at(operation.directory, operation.name), 0o755);
      case 'symlink':
        return files.symlink(at(operation.directory, operation.name), operation.object);
      case 'link':
        return files.link(this.pathTo(tree, operation.object), at(operation.directory, operation.name));
      case 'rename':
        return files.rename(
          at(operation.directory, operation.name),
          at(operation.toDirectory, operation.toName),
        );
      case 'remove':
      case 'rmdir':
        return files.remove(at(operation.directory, operation.name));
      case 'change':
        return this.#change(name, tree, operation, isConnected);
    }
  }

  /** Contents, mode or access list by turns: each change leaves something that no other one does. */
  async #change(
    name: string,
    tree: Tree,
    { object, write }: Extract<Operation, { op: 'change' }>,
    isConnected: boolean,
  ): Promise<void> {
    const client = this.realm.client(name);
    const number = Number(write.slice(1));
    const isDirectory = tree.entries.has(object);
    // Access lists are only changed at servers.
    if (number % 2 === 0 || (isDirectory && !isConnected)) {
      const mode = 0o600 + (number & 0o177);
      const session = client.session();
      await new Changes(session).setStatus(this.#fid(object), { mode });
    } else if (isDirectory) {
      const positive = [
        { name: 'System:Administrators', rights: 127 },
        { name: 'System:AnyUser', rights: number & 127 },
      ];
      const text = formatAcl({ positive, negative: [] }, 'request');
      await client.session().setAcl({ fid: this.#fid(object), text });
    } else await client.write(this.pathTo(tree, object), write);
  }

  /** Waits until the log of a client is empty, and what it has sent is done. */
  async #sent(name: string): Promise<void> {
    const client = this.realm.client(name);
    const { tree, reintegrator } = client.manager;
    while (tree.logs.state(this.volume).entries > 0) {
      if (tree.logs.hasConflict(this.volume)) throw new Error(`the log of ${name} is in conflict`);
      await reintegrator.force(this.volume);
      await client.probe();
    }
    await client.settled(this.volume);
  }

  /** Looks which fid a new object has, and how a changed one looks now; what was done is at all that were reached. */
  async #learn(operation: Operation, before: Tree, sites: readonly number[]): Promise<void> {
    for (const site of sites) {
      const { objects, entries } = await this.look(site);
      if (isMaking(operation)) {
        const text = entries.get(textOfFid(this.#fid(operation.directory)))?.get(operation.name);
        const made = objects.find(({ fid }) => textOfFid(fid) === text);
        if (!made) throw new Error(`${operation.object} was not made at ${site}`);
        this.#note(operation.object, made.fid);
        this.#writes.set(this.#look(operation.object, made), new Set());
      }
      if (operation.op === 'change') {
        const changed = objects.find(({ fid }) => this.idOf(fid) === operation.object);
        if (!changed) throw new Error(`${operation.object} is not at ${site}`);
        const known = before.objects.get(operation.object)?.writes ?? [];
        this.#writes.set(this.#look(operation.object, changed), new Set([...known, operation.write]));
      }
    }
  }

  #modelOf(object: SeenObject): ModelObject {
    const id = this.idOf(object.fid);
    const writes = this.#writes.get(this.#look(id, object)) ?? new Set<string>();
    return { type: object.type, writes: id === ROOT || writes.size > 0 ? writes : this.#checked(id, object) };
  }

  /** An object looks as it was made, or as a change has left it, and never half so. */
  #checked(id: Id, object: SeenObject): ReadonlySet<string> {
    const known = this.#writes.get(this.#look(id, object));
    if (!known) throw new Error(`${id} looks as nobody has left it: ${this.#look(id, object)}`);
    return known;
  }

  #look(id: Id, { mode, contents, acl }: SeenObject): string {
    return JSON.stringify([id, mode, contents, acl]);
  }

  async #inConflict(sites: readonly number[]): Promise<ReadonlySet<Id>> {
    const marked = new Set<Id>();
    for (const site of sites) {
      const { volume } = this;
      const fids = await this.realm.server(this.#server(site)).forPeers.listInconsistent({ volume });
      for (const fid of fids) marked.add(this.idOf(fid));
    }
    return marked;
  }

  #server(site: number): string {
    return `s${site + 1}`;
  }

  #note(id: Id, fid: Fid): void {
    this.#fids.set(id, fid);
    this.#ids.set(textOfFid(fid), id);
  }

  #fid(id: Id): Fid {
    const fid = this.#fids.get(id);
    if (!fid) throw new Error(`${id} was never made`);
    return fid;
  }

  #idOfText(text: string): Id {
    const id = this.#ids.get(text);
    if (id === undefined) throw new Error(`nobody has made ${text}`);
    return id;
  }
}
