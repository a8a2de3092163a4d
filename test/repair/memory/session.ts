import {
  RepairError,
  type Committed,
  type Obstructed,
  type Performed,
  type RepairBackend,
  type LocalSession,
} from '../../../src/repair/backend.ts';
import type { Decision, LocalMutation, RepairDocument, Verdict, Version } from '../../../src/ipc/repairs.ts';
import { type Node, fault, find, parentOf, partsOf } from './nodes.ts';
import { type Logged, type MemoryRealm, type Progress, conflict, perform, put, take } from './state.ts';

const attributes = ['store', 'chmod', 'chown', 'utimes'];

/** Sessions over a {@link MemoryRealm}, kept by it: they outlive whoever began them. */
export class MemoryBackend implements RepairBackend {
  readonly realm: MemoryRealm;
  /** Called before everything that is asked; may throw or wait. */
  before: (what: string) => Promise<void> | void = () => undefined;

  constructor(realm: MemoryRealm) {
    this.realm = realm;
  }

  async begin(path: string): Promise<LocalSession> {
    await this.before('begin');
    const { state } = this.realm;
    if (path !== state.path) throw fault('ENOENT');
    if (!this.realm.isInConflict) throw new RepairError('Error beginning repair: Object not in conflict');
    const isResumed = state.session !== undefined;
    const progress: Progress = {
      global: structuredClone(state.server),
      siblings: new Map(),
      moves: [],
      decisions: [],
    };
    state.session ??= { progress, before: [], stamp: state.stamp };
    this.realm.save();
    return new MemorySession(this, isResumed);
  }
}

class MemorySession implements LocalSession {
  readonly kind = 'local/global';
  readonly canAbort = true;
  readonly #backend: MemoryBackend;
  readonly #realm: MemoryRealm;
  readonly #isResumed: boolean;

  constructor(backend: MemoryBackend, isResumed: boolean) {
    this.#backend = backend;
    this.#realm = backend.realm;
    this.#isResumed = isResumed;
  }

  async document(): Promise<RepairDocument> {
    await this.#backend.before('document');
    const { log, path, server } = this.#realm.state;
    const { decisions } = this.#progress;
    return {
      id: '1',
      path,
      type: server.kind === 'directory' ? 'directory' : 'file',
      kind: 'local/global',
      client: 'laptop',
      servers: ['s1.coda.test'],
      isResumed: this.#isResumed,
      mutations: log.map(({ mutation }, at) => {
        const decision = decisions[at];
        return decision === undefined ? { mutation } : { mutation, decision };
      }),
      current: decisions.length,
    };
  }

  async check(): Promise<{ mutation: LocalMutation; verdict: Verdict } | undefined> {
    await this.#backend.before('check');
    const logged = this.#current;
    return logged && { mutation: logged.mutation, verdict: this.#verdict(logged) };
  }

  preserve(how?: Obstructed): Promise<Performed> {
    return this.#decide('preserve', (logged) => this.#preserve(logged, how));
  }

  discard(): Promise<Performed> {
    return this.#decide('discard', () => 'discarded');
  }

  skip(): Promise<Performed> {
    return this.#decide('skip', () => 'skipped');
  }

  async undo(): Promise<LocalMutation | undefined> {
    await this.#backend.before('undo');
    const { session } = this.#realm.state;
    const before = session?.before.pop();
    if (session && before) session.progress = before;
    this.#realm.save();
    return this.#current?.mutation;
  }

  async versions(path: string): Promise<readonly Version[]> {
    await this.#backend.before('versions');
    const { local } = this.#realm.state;
    return [
      versionOf('local', 'laptop', find(local, path)),
      versionOf('global', 's1.coda.test', find(this.#progress.global, path)),
    ];
  }

  async commit(): Promise<Committed> {
    await this.#backend.before('commit');
    const { state } = this.#realm;
    const { decisions, global, siblings } = this.#progress;
    if (state.session?.stamp !== state.stamp)
      return { kind: 'overtaken', verdict: conflict('updated', state.lastTouched), mutation: undefined };
    const count = (wanted: Decision): number => decisions.filter((decision) => decision === wanted).length;
    state.server = global;
    for (const [name, node] of siblings) state.siblings.set(name, node);
    state.log = state.log.filter((_, at) => decisions[at] === undefined || decisions[at] === 'skipped');
    if (state.log.length === 0) state.local = structuredClone(global);
    state.session = undefined;
    this.#realm.save();
    return { kind: 'done', performed: count('preserved'), discarded: count('discarded') };
  }

  async abort(): Promise<void> {
    await this.#backend.before('abort');
    this.#realm.state.session = undefined;
    this.#realm.save();
  }

  get #progress(): Progress {
    const { session } = this.#realm.state;
    if (!session) throw new RepairError('the session has ended');
    return session.progress;
  }

  get #current(): Logged | undefined {
    return this.#realm.state.log[this.#progress.decisions.length];
  }

  async #decide(what: string, decide: (logged: Logged) => Decision | Verdict): Promise<Performed> {
    await this.#backend.before(what);
    const { session } = this.#realm.state;
    const logged = this.#current;
    if (!session || !logged) return { kind: 'nothing left' };
    const before = structuredClone(session.progress);
    const { mutation } = logged;
    const decided = decide(logged);
    if (typeof decided !== 'string') {
      session.progress = before;
      return { kind: 'refused', mutation, verdict: decided };
    }
    session.before.push(before);
    session.progress.decisions.push(decided);
    this.#realm.save();
    return { kind: 'done', mutation, decision: decided };
  }

  #map(path: string): string {
    for (const [from, to] of this.#progress.moves.toReversed()) {
      if (path === from) return to;
      if (path.startsWith(`${from}/`)) return to + path.slice(from.length);
    }
    return path;
  }

  #verdict(logged: Logged): Verdict {
    const { mutation } = logged;
    const { state } = this.#realm;
    const { global } = this.#progress;
    if (!state.isReachable) return conflict('unreachable', '');
    const path = this.#map(mutation.path);
    // Kept beside the object itself, where nobody else is.
    if (path.startsWith('../')) return { kind: 'no conflict' };
    const makes = ['create', 'mkdir', 'symlink'].includes(mutation.op);
    const target = 'to' in mutation ? this.#map(mutation.to) : path;
    if (state.denied.includes(parentOf(target))) return conflict('denied', parentOf(target));
    if (mutation.op === 'store' && mutation.length > state.quota) return conflict('no room', path);
    const above = find(global, parentOf(target));
    const there = find(global, path);
    if (above?.kind !== 'directory' && target !== '') return this.#absent(mutation, parentOf(target), 'gone');
    if (makes || 'to' in mutation) {
      if (!makes && there === undefined)
        return this.#absent(mutation, path, mutation.op === 'link' ? 'gone' : 'missing');
      return find(global, target) === undefined ? { kind: 'no conflict' } : conflict('exists', target);
    }
    if (there === undefined)
      return this.#absent(mutation, path, attributes.includes(mutation.op) ? 'gone' : 'missing');
    if (there.id !== logged.id || there.version !== logged.version) return conflict('updated', path);
    if (mutation.op === 'rmdir' && there.kind === 'directory' && there.entries.size > 0)
      return conflict('not empty', path);
    return { kind: 'no conflict' };
  }

  /** Of what an earlier mutation makes that was left out, it is no wonder that it is not there. */
  #absent(mutation: LocalMutation, target: string, otherwise: 'gone' | 'missing'): Verdict {
    const { log } = this.#realm.state;
    const leftOut = log.some(
      (earlier, at) =>
        ['create', 'mkdir', 'symlink', 'rename', 'link'].includes(earlier.mutation.op) &&
        ['discarded', 'skipped'].includes(this.#progress.decisions[at] ?? '') &&
        [mutation.path, parentOf(mutation.path)].includes(
          'to' in earlier.mutation ? earlier.mutation.to : earlier.mutation.path,
        ),
    );
    return conflict(leftOut ? 'dependent' : otherwise, target);
  }

  #preserve(logged: Logged, how: Obstructed | undefined): Decision | Verdict {
    const verdict = this.#verdict(logged);
    const { mutation } = logged;
    if (verdict.kind === 'no conflict') return this.#perform(logged);
    const hopeless = ['denied', 'no room', 'dependent', 'unreachable'].includes(verdict.obstruction);
    if (how === undefined || hopeless) return verdict;
    if (verdict.obstruction === 'gone' || verdict.obstruction === 'missing') return this.#anew(logged);
    const { global } = this.#progress;
    const target = this.#map('to' in mutation ? mutation.to : mutation.path);
    const there = find(global, target);
    if (verdict.obstruction === 'exists' && there) {
      if (mutation.op === 'mkdir' && there.kind === 'directory') {
        there.id = logged.id;
        there.version = logged.version;
        return 'preserved';
      }
      if (how.onConflict === 'replace') take(global, target);
    }
    return how.onConflict === 'rename' ? this.#beside(logged, how.name) : this.#perform(logged);
  }

  #perform(logged: Logged): Decision {
    const { mutation } = logged;
    const path = this.#map(mutation.path);
    const to = 'to' in mutation ? this.#map(mutation.to) : undefined;
    const { global, siblings } = this.#progress;
    const beside = siblings.get(path.slice('../'.length));
    const local = this.#localOf(logged);
    if (path.startsWith('../') && beside) perform(this.#realm, beside, mutation, '', undefined, local);
    else perform(this.#realm, global, mutation, path, to, local);
    const made = find(global, to ?? path);
    if (made) {
      made.id = logged.id;
      made.version = logged.version;
    }
    return 'preserved';
  }

  /** The object as the client has it at last. */
  #localOf({ id }: Logged): Node | undefined {
    const search = (node: Node): Node | undefined => {
      if (node.id === id) return node;
      if (node.kind !== 'directory') return undefined;
      for (const each of node.entries.values()) {
        const found = search(each);
        if (found) return found;
      }
      return undefined;
    };
    return search(this.#realm.state.local);
  }

  #anew(logged: Logged): Decision {
    const { mutation } = logged;
    if (mutation.op === 'remove' || mutation.op === 'rmdir') return 'preserved';
    const { global } = this.#progress;
    const path = this.#map('to' in mutation ? mutation.to : mutation.path);
    const parts = partsOf(path).slice(0, -1);
    parts.forEach((_, at) => {
      const above = parts.slice(0, at + 1).join('/');
      if (find(global, above) === undefined) put(global, above, this.#realm.node('directory'));
    });
    const local = this.#localOf(logged);
    if (['create', 'mkdir', 'symlink'].includes(mutation.op)) return this.#perform(logged);
    if (local) put(global, path, structuredClone(local));
    return 'preserved';
  }

  #beside(logged: Logged, name: string): Decision | Verdict {
    const { mutation } = logged;
    if (['remove', 'rmdir', 'chmod', 'chown', 'utimes'].includes(mutation.op)) return 'discarded';
    const { global, moves, siblings } = this.#progress;
    const from = 'to' in mutation ? mutation.to : mutation.path;
    const target = this.#map(from);
    const local = this.#localOf(logged);
    if (target === '') {
      if (siblings.has(name) || this.#realm.state.siblings.has(name)) return conflict('exists', name);
      if (local) siblings.set(name, structuredClone(local));
      moves.push(['', `../${name}`]);
      return 'preserved';
    }
    const beside = parentOf(target) === '' ? name : `${parentOf(target)}/${name}`;
    if (find(global, beside)) return conflict('exists', beside);
    if (attributes.includes(mutation.op)) {
      if (local) put(global, beside, { ...structuredClone(local), id: logged.id, version: logged.version });
      moves.push([from, beside]);
      return 'preserved';
    }
    moves.push([from, beside]);
    return this.#perform(logged);
  }
}

function versionOf(place: string, host: string, node: Node | undefined): Version {
  if (!node) return { place, host, type: 'none', length: 0, mode: 0, ownerName: '', modified: 0 };
  const { kind: type, mode, owner: ownerName, modified } = node;
  const length = node.kind === 'file' ? node.contents.length : 0;
  const target = node.kind === 'symlink' ? { target: node.target } : {};
  return { place, host, type, length, mode, ownerName, modified, ...target };
}
