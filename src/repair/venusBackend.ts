import * as v from 'valibot';
import { isErrno } from '../ipc/errors.ts';
import {
  type LocalMutation,
  type RepairDocument,
  type Version,
  checkedSchema,
  committedSchema,
  performedSchema,
  repairSessionSchema,
  undoneSchema,
} from '../ipc/repairs.ts';
import type { HttpSession } from '../ipc/socket/httpSession.ts';
import { toJsonName, toQueryName } from '../ipc/socket/routes.ts';
import type { FileTree } from '../ipc/venus.ts';
import { printable } from '../term/printable.ts';
import {
  type Committed,
  NotInConflictError,
  type Obstructed,
  type Performed,
  type RepairBackend,
  type LocalSession,
} from './backend.ts';

const nothingSchema = v.object({});

/** Repair sessions that venus keeps: they outlive the tool, and nothing is sent before their end. */
export class VenusBackend implements RepairBackend {
  readonly #http: HttpSession;
  readonly #files: FileTree;

  constructor(http: HttpSession, files: FileTree) {
    this.#http = http;
    this.#files = files;
  }

  async begin(path: string): Promise<LocalSession> {
    const route = `/repairs?path=${toQueryName(path)}`;
    const begun = await this.#http
      .json({ method: 'POST', route }, repairSessionSchema)
      .catch((error: unknown) => refuse(error, path));
    return new VenusSession(this.#http, this.#files, begun);
  }
}

class VenusSession implements LocalSession {
  readonly kind = 'local/global';
  readonly canAbort = true;
  readonly #http: HttpSession;
  readonly #files: FileTree;
  readonly #begun: RepairDocument;

  constructor(http: HttpSession, files: FileTree, begun: RepairDocument) {
    this.#http = http;
    this.#files = files;
    this.#begun = begun;
  }

  async document(): Promise<RepairDocument> {
    const { isResumed, listing } = this.#begun;
    const now = await this.#http.json({ method: 'GET', route: this.#route('document') }, repairSessionSchema);
    return { ...now, isResumed, ...(listing === undefined ? {} : { listing }) };
  }

  async check() {
    const checked = await this.#http.json({ method: 'GET', route: this.#route('check') }, checkedSchema);
    return 'mutation' in checked ? checked : undefined;
  }

  preserve(how?: Obstructed): Promise<Performed> {
    const json = how === undefined ? {} : { how: named(how) };
    return this.#http.json({ method: 'POST', route: this.#route('preserve'), json }, performedSchema);
  }

  discard(): Promise<Performed> {
    return this.#http.json({ method: 'POST', route: this.#route('discard') }, performedSchema);
  }

  skip(): Promise<Performed> {
    return this.#http.json({ method: 'POST', route: this.#route('skip') }, performedSchema);
  }

  async undo(): Promise<LocalMutation | undefined> {
    return (await this.#http.json({ method: 'POST', route: this.#route('undo') }, undoneSchema)).mutation;
  }

  async versions(path: string): Promise<readonly Version[]> {
    const { client, servers } = this.#begun;
    return Promise.all([
      this.#version('local', client, path),
      this.#version('global', servers.join(', '), path),
    ]);
  }

  async commit(): Promise<Committed> {
    const ended = await this.#http.json({ method: 'POST', route: this.#route('commit') }, committedSchema);
    return ended.kind === 'done' ? ended : { ...ended, mutation: ended.mutation };
  }

  async abort(): Promise<void> {
    await this.#http.json({ method: 'POST', route: this.#route('abort') }, nothingSchema);
  }

  #route(action: string): string {
    return `/repairs/${action}?id=${this.#begun.id}`;
  }

  async #version(place: string, host: string, path: string): Promise<Version> {
    const full = `${this.#begun.path}/${place}${path === '' ? '' : `/${path}`}`;
    try {
      const { type, length, mode, ownerName, owner, modified } = await this.#files.lstat(full);
      const target = type === 'symlink' ? { target: await this.#files.readlink(full) } : {};
      return { place, host, type, length, mode, ownerName: ownerName ?? String(owner), modified, ...target };
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
      return { place, host, type: 'none', length: 0, mode: 0, ownerName: '', modified: 0 };
    }
  }
}

function refuse(error: unknown, path: string): never {
  if (!isErrno(error, 'EINVAL')) throw error;
  throw new NotInConflictError(`/coda${printable(path)} is not in conflict`, {
    why: error.why ?? 'The servers have not refused anything of it.',
    next: 'To see what is in conflict: coda conflicts',
  });
}

function named(how: Obstructed): object {
  return how.onConflict === 'rename' ? { ...how, name: toJsonName(how.name) } : how;
}
