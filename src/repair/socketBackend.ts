import { joinPath } from '../ipc/codaPath.ts';
import { isErrno } from '../ipc/errors.ts';
import {
  type PerformedAnswer,
  checkedSchema,
  committedSchema,
  performedSchema,
  undoneSchema,
} from '../ipc/repairAnswers.ts';
import {
  type Decision,
  type LocalMutation,
  type RepairDocument,
  type Verdict,
  type Version,
  repairSessionSchema,
} from '../ipc/repairs.ts';
import type { HttpSession } from '../ipc/socket/httpSession.ts';
import { emptySchema, toJsonName, toQueryName } from '../ipc/socket/routes.ts';
import type { FileStatus, FileTree } from '../ipc/venus.ts';
import type { Committed, Obstructed, Performed, RepairBackend, RepairSession } from './backend.ts';

/** Sessions that the embedded venus keeps. */
export class SocketBackend implements RepairBackend {
  readonly #http: HttpSession;
  readonly #files: () => Promise<FileTree>;

  constructor(http: HttpSession, files: () => Promise<FileTree>) {
    this.#http = http;
    this.#files = files;
  }

  async begin(path: string): Promise<RepairSession> {
    const route = `/repairs?path=${toQueryName(path)}`;
    const begun = await this.#http.json({ method: 'POST', route }, repairSessionSchema);
    return new SocketSession(this.#http, this.#files, begun);
  }
}

class SocketSession implements RepairSession {
  readonly canAbort = true;
  readonly #http: HttpSession;
  readonly #files: () => Promise<FileTree>;
  readonly #begun: RepairDocument;

  constructor(http: HttpSession, files: () => Promise<FileTree>, begun: RepairDocument) {
    this.#http = http;
    this.#files = files;
    this.#begun = begun;
  }

  async document(): Promise<RepairDocument> {
    const now = await this.#http.json(this.#request('GET', 'document'), repairSessionSchema);
    const { isResumed, listing } = this.#begun;
    return { ...now, isResumed, ...(listing === undefined ? {} : { listing }) };
  }

  async check(): Promise<{ mutation: LocalMutation; verdict: Verdict } | undefined> {
    const answer = await this.#http.json(this.#request('GET', 'check'), checkedSchema);
    return 'mutation' in answer ? answer : undefined;
  }

  async preserve(how?: Obstructed): Promise<Performed> {
    const json = how === undefined ? {} : { how: toJson(how) };
    const request = { ...this.#request('POST', 'preserve'), json };
    return toPerformed(await this.#http.json(request, performedSchema), 'preserved');
  }

  async discard(): Promise<Performed> {
    return toPerformed(await this.#http.json(this.#request('POST', 'discard'), performedSchema), 'discarded');
  }

  async skip(): Promise<Performed> {
    return toPerformed(await this.#http.json(this.#request('POST', 'skip'), performedSchema), 'skipped');
  }

  async undo(): Promise<LocalMutation | undefined> {
    return (await this.#http.json(this.#request('POST', 'undo'), undoneSchema)).mutation;
  }

  async versions(path: string): Promise<readonly Version[]> {
    const { client, servers } = this.#begun;
    return [
      await this.#version('local', client, path),
      await this.#version('global', servers.join(', '), path),
    ];
  }

  async commit(): Promise<Committed> {
    const answer = await this.#http.json(this.#request('POST', 'commit'), committedSchema);
    return answer.kind === 'done'
      ? answer
      : { kind: 'overtaken', verdict: answer.verdict, mutation: answer.mutation };
  }

  async abort(): Promise<void> {
    await this.#http.json(this.#request('POST', 'abort'), emptySchema);
  }

  #request(
    method: 'GET' | 'POST',
    what: string,
  ): { readonly method: 'GET' | 'POST'; readonly route: string } {
    return { method, route: `/repairs/${what}?id=${toQueryName(this.#begun.id)}` };
  }

  async #version(place: string, host: string, path: string): Promise<Version> {
    const side = joinPath(this.#begun.path, place);
    const whole = path === '' ? side : joinPath(side, path);
    const files = await this.#files();
    const status = await statusOf(files, whole);
    if (status === undefined)
      return { place, host, type: 'none', length: 0, mode: 0, ownerName: '', modified: 0 };
    const { type, length, mode, modified } = status;
    const ownerName = status.ownerName ?? String(status.owner);
    const target = type === 'symlink' ? { target: await files.readlink(whole) } : {};
    return { place, host, type, length, mode, ownerName, modified, ...target };
  }
}

async function statusOf(files: FileTree, path: string): Promise<FileStatus | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function toJson(how: Obstructed): object {
  return how.onConflict === 'rename' ? { ...how, name: toJsonName(how.name) } : how;
}

function toPerformed(answer: PerformedAnswer, asked: Decision): Performed {
  return answer.kind === 'done' ? { ...answer, decision: answer.decision ?? asked } : answer;
}
