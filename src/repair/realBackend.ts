import { formatCmlLine } from '../cml/cmlText.ts';
import type { CmlLine } from '../cml/cmlLine.ts';
import { joinPath, splitPath } from '../ipc/codaPath.ts';
import { CodaError, VenusError, VenusUnavailableError, isErrno } from '../ipc/errors.ts';
import type { RealmFid } from '../ipc/fid.ts';
import { printable } from '../term/printable.ts';
import { shellWord } from '../term/shellWord.ts';
import { NotInConflictError, type RepairBackend, RepairError, type RepairSession } from './backend.ts';
import { verdictOfCheck } from './real/checkText.ts';
import type { ToldVerdict } from './real/decider.ts';
import { type CommitParts, isInConflict, isLineOf } from './real/commit.ts';
import { statusOf } from './real/globalView.ts';
import { journalId } from './real/journals.ts';
import { shownRecord } from './real/logListing.ts';
import {
  type Belonging,
  LOCAL_ENTRY,
  ObjectPaths,
  belongingOf,
  collapsedLine,
  pathAt,
} from './real/objectPaths.ts';
import { RealServerSession, type ReplicatedObject, fidOfLink } from './real/serverSession.ts';
import { type Begun, RealSession } from './real/session.ts';
import type { ShownObject } from './real/shownFiles.ts';
import { type Work, type WorkRecord, currentOf } from './real/work.ts';

/** Names of expanded objects, which venus makes up (spec/repair.md, 1). */
const EXPANDED = { volume: 0xffffffff, vnode: 0xfffffffc, realm: 'localhost' };
/** The client's version where it has none that could be read. */
const HIDDEN_LOCAL_ENTRY = '.localcache';
/** Records of other objects that are named; more are counted. */
const NAMED = 5;
const kinds: ReadonlyMap<string, Begun['kind']> = new Map([
  ['1', 'local/global'],
  ['2', 'server/server'],
  ['3', 'mixed'],
]);

/** The object in conflict as the replicated volume has it. */
type Replicated = Pick<ReplicatedObject, 'fid' | 'slots'>;

/** What is known when an object is looked at that is expanded. */
interface Before {
  readonly isResumed: boolean;
  /** What venus said of the first record of the log. */
  readonly told: ToldVerdict | undefined;
  /** Nobody has asked for it where the object was found expanded. */
  readonly replicated: Replicated | undefined;
}

export interface RealCoda extends CommitParts {
  /** Which Coda and which user: journals belong to one. */
  readonly place: string;
  /** What venus writes before paths from the Coda root: its mount point. */
  readonly roots: readonly string[];
  /** The host whose changes they are. */
  readonly client: string;
}

/** The log begins with what belongs to other objects. */
class AheadError extends CodaError {
  readonly code = 'conflict';

  constructor(object: string, first: string) {
    super(`Other objects are ahead of ${object} in the modify log`, {
      why: `Venus settles its log from the front, and that is: ${first}`,
      next: 'Repair the objects of these records first.',
    });
  }
}

/**
 * Repair sessions at a venus that keeps none (spec/repair.md, 19.4 and 22): it shows an object in conflict as a directory of
 * servers and `_localcache`, and settles nothing but the first record of its log, at once and for good.
 */
export class RealBackend implements RepairBackend {
  readonly #coda: RealCoda;
  #shown: ShownObject | undefined;

  constructor(coda: RealCoda) {
    this.#coda = coda;
  }

  /** The object of the session that was begun last. */
  get shown(): ShownObject | undefined {
    return this.#shown;
  }

  async begin(path: string): Promise<RepairSession> {
    const id = journalId(this.#coda.place, path);
    const interrupted = await this.#coda.journals.find(id);
    if (interrupted) return this.#resume(interrupted);
    if (await this.#isExpanded(path))
      return this.#examined(id, path, { isResumed: true, told: undefined, replicated: undefined });
    if (!(await isInConflict(this.#coda.files, path)))
      throw new NotInConflictError('Error beginning repair: Object not in conflict');
    const told = await this.#firstVerdict(path);
    const slots = await this.#slots(path);
    const fid = await this.#expand(path);
    return this.#examined(id, path, { isResumed: false, told, replicated: { fid, slots } });
  }

  /** Goes on with a commit that was interrupted. */
  async #resume(work: Work): Promise<RepairSession> {
    const { object } = work;
    let isExpanded = await this.#isExpanded(object);
    let told: ToldVerdict | undefined;
    if (!isExpanded && currentOf(work) !== undefined && (await isInConflict(this.#coda.files, object))) {
      told = await this.#firstVerdict(object, work);
      await this.#expand(object);
      isExpanded = true;
    }
    const server = isExpanded ? (await this.#entries(object)).answering : undefined;
    return this.#session({
      work,
      isExpanded,
      server,
      kind: 'local/global',
      isResumed: true,
      hasJournal: true,
      told,
    });
  }

  async #examined(id: string, path: string, before: Before): Promise<RepairSession> {
    try {
      return await this.#examine(id, path, before);
    } catch (error) {
      await this.#coda.venus.collapse(path).catch((cause: unknown) => {
        throw notCollapsed(this.#shownPath(path), cause);
      });
      throw error;
    }
  }

  async #examine(id: string, path: string, before: Before): Promise<RepairSession> {
    const { venus, files, client } = this.#coda;
    const { servers, answering } = await this.#entries(path);
    const kind = kinds.get(await venus.kindOfConflict(path));
    if (!kind) throw new NotInConflictError('Error beginning repair: Object not in conflict');
    if (kind !== 'local/global') return this.#ofServers(path, kind, before);
    const { isResumed, told } = before;
    const local = joinPath(path, LOCAL_ENTRY);
    const status = await statusOf(files, local);
    const logPath = await this.#logPath(path);
    const common = { version: 1, id, object: path, client, servers, logPath } as const;
    const untouched = { settled: 0, isIrrevocable: false, redone: 0 };
    const session = { kind, isResumed, isExpanded: true, hasJournal: false, server: answering, told };
    if (!status || (await isInConflict(files, local))) throw noLocalVersion(this.#shownPath(path));
    const records = await this.#records(path, await venus.list(local));
    const type = await this.#typeOf(local);
    return this.#session({ ...session, work: { ...common, ...untouched, type, records } });
  }

  async #ofServers(
    path: string,
    kind: ReplicatedObject['kind'],
    { isResumed, replicated }: Before,
  ): Promise<RepairSession> {
    const known = replicated ?? (await this.#replicatedBehind(path));
    this.#shown = undefined;
    return RealServerSession.open(this.#coda, { path, kind, isResumed, ...known });
  }

  /** The real object behind one that was found expanded, in the volume of the directory it is in. */
  async #replicatedBehind(path: string): Promise<Replicated> {
    const { files, venus } = this.#coda;
    for (const name of [HIDDEN_LOCAL_ENTRY, LOCAL_ENTRY]) {
      const local = joinPath(path, name);
      const fid = (await statusOf(files, local)) && (await fidOfLink(files, local));
      if (fid) return { fid, slots: await this.#slots(splitPath(path).directory) };
    }
    const { answering } = await this.#entries(path);
    const { parent } = new ObjectPaths(path, []);
    const { fid } = await venus.identity(answering === undefined ? path : joinPath(path, answering));
    if (answering === undefined || (fid.vnode === 1 && fid.unique === 1))
      throw new RepairError(
        `${printable(this.#shownPath(path))} was found expanded, and what it stands for is not told`,
        {
          next: `Collapse it, and begin again: cfs endrepair ${shellWord(this.#shownPath(path))}`,
        },
      );
    const { volume } = (await venus.identity(parent)).fid;
    return { fid: { ...fid, volume }, slots: await this.#slots(parent) };
  }

  /** Nobody can do without the servers, but everybody without their order. */
  async #slots(path: string): Promise<Replicated['slots']> {
    try {
      return (await this.#coda.venus.slots(path)).map((location) => location?.replicaVolume);
    } catch (error) {
      if (error instanceof VenusError) return [];
      throw error;
    }
  }

  /** A path as the user sees it. */
  #shownPath(path: string): string {
    return `${this.#coda.roots[0] ?? ''}${path}`;
  }

  #session(begun: Begun): RepairSession {
    this.#shown = { object: begun.work.object, server: begun.server };
    return new RealSession(this.#coda, begun);
  }

  async #typeOf(path: string): Promise<'file' | 'directory'> {
    return (await this.#coda.files.lstat(path)).type === 'directory' ? 'directory' : 'file';
  }

  async #isExpanded(path: string): Promise<boolean> {
    if ((await statusOf(this.#coda.files, path))?.type !== 'directory') return false;
    const { fid } = await this.#coda.venus.identity(path);
    return fid.volume === EXPANDED.volume && fid.vnode === EXPANDED.vnode && fid.realm === EXPANDED.realm;
  }

  async #expand(path: string): Promise<RealmFid> {
    const { venus } = this.#coda;
    // As every repair tool does: what cannot be named cannot be expanded.
    const { fid } = await venus.identity(path);
    try {
      await venus.expand(path);
      return fid;
    } catch (error) {
      if (!isErrno(error, 'EINVAL', 'EINPROGRESS')) throw error;
      throw new RepairError(
        `Error beginning repair: ${printable(this.#shownPath(path))} cannot be expanded`,
        {
          why: 'Something below it, or the directory it is in, is expanded already.',
          next: 'Collapse that first: cfs endrepair PATH',
        },
        { cause: error },
      );
    }
  }

  /** The servers, and one of them that shows its version. */
  async #entries(
    path: string,
  ): Promise<{ readonly servers: string[]; readonly answering: string | undefined }> {
    const { files, venus } = this.#coda;
    const servers: string[] = [];
    for await (const { name } of files.readdir(path))
      if (name !== LOCAL_ENTRY && !name.startsWith('.')) servers.push(name);
    servers.sort();
    let answering: string | undefined;
    for (const server of servers) {
      if (answering !== undefined) break;
      const entry = joinPath(path, server);
      if (!(await statusOf(files, entry)) || (await isInConflict(files, entry))) continue;
      await venus.identity(entry);
      answering = server;
    }
    return { servers, answering };
  }

  /** A path by which the log can be asked for whatever becomes of the object. */
  async #logPath(path: string): Promise<string> {
    const { venus } = this.#coda;
    const { parent } = new ObjectPaths(path, []);
    const { fid } = await venus.identity(parent);
    const local = joinPath(path, LOCAL_ENTRY);
    const own = (await statusOf(this.#coda.files, local)) ? await venus.identity(local) : undefined;
    return own?.fid.volume === fid.volume ? parent : path;
  }

  /**
   * What venus says of the first record, if it is safe to ask and the record is about this object.
   * @param work what the record must belong to
   */
  async #firstVerdict(path: string, work?: Work): Promise<ToldVerdict | undefined> {
    const { venus, roots } = this.#coda;
    const [first] = await venus.list(path).catch((error: unknown) => {
      // Nothing of this client is in conflict there, so that there is no log to look at.
      if (isErrno(error, 'EOPNOTSUPP', 'EINVAL')) return [];
      throw error;
    });
    const at = work?.settled ?? 0;
    if (work && !isLineOf(work.records[at], first)) return undefined;
    const paths = new ObjectPaths(path, roots);
    const { fid } = await venus.identity(path);
    const isVolumeRoot = fid.vnode === 1 && fid.unique === 1;
    if (!first || isVolumeRoot || formatCmlLine(first).includes(LOCAL_ENTRY)) return undefined;
    const belonging = belongingOf(first, paths, { sequence: 1, time: 0 });
    if (belonging.kind !== 'ours') return undefined;
    const verdict = verdictOfCheck(await venus.checkFirst(path), belonging.mutation);
    return verdict && { at, verdict };
  }

  /** The log as it concerns an object. @throws RepairError where it begins with what is another's */
  async #records(path: string, lines: readonly CmlLine[]): Promise<WorkRecord[]> {
    const paths = new ObjectPaths(path, this.#coda.roots);
    const belongings: Belonging[] = [];
    for (const [at, line] of lines.entries()) {
      const belonging = belongingOf(line, paths, { sequence: at + 1, time: 0 });
      belongings.push(belonging.kind === 'ours' ? await this.#timed(path, belonging) : belonging);
    }
    const collapsed = lines.map((line) => collapsedLine(line, paths));
    checkSettleable(this.#shownPath(path), collapsed, belongings);
    return lines.map((line, at) => {
      const belonging = belongings[at];
      return {
        line: formatCmlLine(collapsedLine(line, paths)),
        ...(belonging?.kind === 'ours' ? { mutation: belonging.mutation } : {}),
        fate: 'stay',
        dependent: false,
        steps: [],
      };
    });
  }

  /** The log does not tell when: what the client has may. */
  async #timed(path: string, belonging: Extract<Belonging, { kind: 'ours' }>): Promise<Belonging> {
    const { files } = this.#coda;
    const local = joinPath(path, LOCAL_ENTRY);
    const { mutation } = belonging;
    const subject = 'to' in mutation ? mutation.to : mutation.path;
    const status = (await statusOf(files, pathAt(local, subject))) ?? (await statusOf(files, local));
    const time = status?.modified ?? 0;
    const timed = mutation.op === 'utimes' ? { ...mutation, time, modified: time } : { ...mutation, time };
    return { kind: 'ours', mutation: timed };
  }
}

/** @param path as the user sees it */
function checkSettleable(path: string, lines: readonly CmlLine[], belongings: readonly Belonging[]): void {
  const shown = printable(path);
  const first = belongings.findIndex(({ kind }) => kind !== 'foreign');
  if (first < 0)
    throw new RepairError(`The modify log has nothing about ${shown}`, {
      why: 'Something of it is in conflict that the log names by a path that venus does not know any more.',
      next: `See the log: cfs listlocal ${shellWord(path)}`,
    });
  if (first > 0) {
    const named = lines.slice(0, Math.min(first, NAMED)).map(shownRecord);
    const more = first > NAMED ? `; and ${first - NAMED} more` : '';
    throw new AheadError(shown, `${named.join('; ')}${more}`);
  }
  const crossing = belongings.findIndex(({ kind }) => kind === 'crossing');
  const line = lines[crossing];
  if (line)
    throw new RepairError(`${shownRecord(line)} leads out of ${shown}, or into it`, {
      why: 'Both directories are in conflict by it, and neither can be settled alone at a real Coda.',
      next: 'Make a checkpoint and give the log up: cfs checkpointml, cfs purgeml; then make it anew with coda rescue.',
    });
  const hidden = belongings.some(
    (belonging) => belonging.kind === 'ours' && belonging.mutation.path.split('/').includes(LOCAL_ENTRY),
  );
  if (hidden)
    throw new RepairError(`Something below ${shown} is expanded`, {
      why: 'The log does not tell its name as long as it is.',
      next: 'Collapse that first: cfs endrepair PATH',
    });
}

function noLocalVersion(path: string): RepairError {
  return new RepairError(`Venus does not show what this client has of ${printable(path)}`, {
    why: 'It was restarted, or has not all of the data. Its checkpoint of the log has what was stored.',
    next: `Try again; else put it back from the checkpoint: coda rescue`,
  });
}

/** @param path as the user sees it */
function notCollapsed(path: string, cause: unknown): CodaError {
  const message = `${printable(path)} could not be collapsed`;
  const advice = {
    why: 'It shows as a directory of its versions.',
    next: `Collapse it: cfs endrepair ${shellWord(path)}`,
  };
  return cause instanceof VenusUnavailableError
    ? new VenusUnavailableError(`${message}: ${cause.message}`, advice, { cause })
    : new RepairError(message, advice, { cause });
}
