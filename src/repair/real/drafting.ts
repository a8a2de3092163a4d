import { joinPath } from '../../ipc/codaPath.ts';
import type { LocalMutation } from '../../ipc/repairs.ts';
import type { FileStatus, FileTree } from '../../ipc/venus.ts';
import { GlobalView, type Look, statusOf } from './globalView.ts';
import { LOCAL_ENTRY, isAtOrBelow, parentOf, pathAt } from './objectPaths.ts';
import { isMaking, isOfWhole, pathsOf, targetOf } from './mutations.ts';
import type { Expected, Step, WorkRecord } from './work.ts';

/** Of what is made without anything local that says more. */
const [FILE_MODE, DIRECTORY_MODE] = [0o644, 0o755];

/** One decision while it is made: the steps it takes, and how the result looks afterwards. */
export class Drafting {
  readonly view: GlobalView;
  readonly steps: Step[] = [];
  readonly #files: FileTree;
  readonly #object: string;
  readonly #moves: (readonly [string, string])[] = [];
  readonly #redone = new Set<string>();
  readonly #unmade = new Set<string>();

  /**
   * @param server the entry of a server below the expanded object
   * @param before the records that come before, with what was decided of them
   */
  constructor(files: FileTree, object: string, server: string, before: readonly WorkRecord[]) {
    this.#files = files;
    this.#object = object;
    this.view = new GlobalView(files, joinPath(object, server));
    for (const record of before) this.#take(record);
  }

  /** Where something local is to be found in the result. */
  map(path: string): string {
    for (const [from, to] of this.#moves.toReversed())
      if (isAtOrBelow(path, from))
        return path === from ? to : `${to}/${path.slice(from === '' ? 0 : from.length + 1)}`;
    return path;
  }

  /** Whether the servers cannot perform a record itself: what it is about is made in another way, or not at all. */
  isCutOff(paths: readonly string[]): boolean {
    return paths.some(
      (path) =>
        this.map(path) !== path ||
        [...this.#redone, ...this.#unmade].some((other) => isAtOrBelow(path, other)),
    );
  }

  isUnmade(path: string): boolean {
    return [...this.#unmade].some((other) => isAtOrBelow(path, other));
  }

  localStatus(path: string): Promise<FileStatus | undefined> {
    return statusOf(this.#files, this.#localPath(path));
  }

  /**
   * Performs a mutation on the result.
   * @param local where the client has its object at last; undefined if it has it no more
   */
  async perform(mutation: LocalMutation, path: string, to: string | undefined, local: string | undefined) {
    const status = local === undefined ? undefined : await this.localStatus(local);
    switch (mutation.op) {
      case 'create':
        // What is stored in it comes with a record of its own.
        await this.#push({ op: 'store', path, mode: status?.mode ?? FILE_MODE }, path);
        this.view.make(path, 'file', undefined);
        return;
      case 'mkdir':
        return this.#makeDirectory(path, status?.mode ?? DIRECTORY_MODE, undefined);
      case 'symlink':
        await this.#push({ op: 'symlink', path, target: mutation.target }, path);
        this.view.make(path, 'symlink', undefined);
        return;
      case 'store':
        if (status?.type === 'file' && local !== undefined) await this.#store(path, local, status.mode);
        return;
      case 'remove':
      case 'rmdir':
        return this.remove(path);
      case 'rename':
        await this.#push({ op: 'rename', path, to: to ?? path }, to ?? path);
        this.view.rename(path, to ?? path);
        return;
      case 'link':
        await this.#push({ op: 'link', path, to: to ?? path }, to ?? path);
        this.view.make(to ?? path, 'file', undefined);
        return;
      case 'chmod':
        this.steps.push({ op: 'chmod', path, mode: mutation.mode });
        return;
      case 'chown':
        this.steps.push({ op: 'chown', path, owner: mutation.owner });
        return;
      case 'utimes':
        this.steps.push({ op: 'utimes', path, modified: mutation.modified });
    }
  }

  /** With all that is below it. */
  async remove(path: string): Promise<void> {
    await this.#push({ op: 'remove', path }, path);
    this.view.remove(path);
  }

  /** Makes the directories above a path that are not there. @returns false where a file or link stands in their place */
  async makeAbove(path: string): Promise<boolean> {
    const above = parentOf(path);
    if (above === '' || path.startsWith('../')) return true;
    const there = await this.view.look(above);
    if (there) return there.type === 'directory';
    if (!(await this.makeAbove(above))) return false;
    const status = await this.localStatus(above);
    await this.#makeDirectory(above, status?.mode ?? DIRECTORY_MODE, undefined);
    return true;
  }

  /** Makes what the client has, as a whole. */
  async copy(local: string, target: string): Promise<void> {
    const status = await this.localStatus(local);
    if (status?.type === 'file') await this.#store(target, local, status.mode);
    else if (status?.type === 'symlink') {
      const link = await this.#files.readlink(this.#localPath(local));
      await this.#push({ op: 'symlink', path: target, target: link, local }, target);
      this.view.make(target, 'symlink', local);
    } else if (status?.type === 'directory') {
      await this.#makeDirectory(target, status.mode, local);
      const below = (path: string, name: string) => (path === '' ? name : `${path}/${name}`);
      for await (const { name } of this.#files.readdir(this.#localPath(local)))
        await this.copy(below(local, name), below(target, name));
    }
  }

  /** Takes over what was decided of a record. */
  #take({ mutation, decision, fate, steps, moved, merged }: WorkRecord): void {
    if (!mutation || decision === undefined) return;
    for (const step of steps) this.#show(step);
    if (merged !== undefined) this.view.merge(merged);
    if (moved) this.#moves.push(moved);
    // What is below a directory that stands for the one here is made in it anew.
    if (merged !== undefined) this.#redone.add(merged);
    const isStoodFor = merged !== undefined || moved !== undefined;
    if (decision !== 'preserved' && !isStoodFor && (isMaking(mutation) || 'to' in mutation))
      this.#unmade.add(targetOf(mutation));
    if (decision !== 'preserved' || fate !== 'discard') return;
    if (!isOfWhole(mutation)) for (const path of pathsOf(mutation)) this.#redone.add(path);
    for (const { op, path } of steps) if (op === 'mkdir') this.#redone.add(path);
  }

  #show(step: Step): void {
    switch (step.op) {
      case 'store': {
        this.view.make(step.path, 'file', step.local);
        return;
      }
      case 'mkdir': {
        this.view.make(step.path, 'directory', step.local);
        return;
      }
      case 'symlink': {
        this.view.make(step.path, 'symlink', step.local);
        return;
      }
      case 'link': {
        this.view.make(step.to, 'file', undefined);
        return;
      }
      case 'rename': {
        this.view.rename(step.path, step.to);
        return;
      }
      case 'remove': {
        this.view.remove(step.path);
        return;
      }
      case 'chmod':
      case 'chown':
      case 'utimes':
        return;
    }
  }

  async #store(path: string, local: string, mode: number): Promise<void> {
    await this.#push({ op: 'store', path, local, mode }, path);
    this.view.make(path, 'file', local);
  }

  async #makeDirectory(path: string, mode: number, local: string | undefined): Promise<void> {
    await this.#push({ op: 'mkdir', path, mode, ...(local === undefined ? {} : { local }) }, path);
    this.view.make(path, 'directory', local);
  }

  /** @param target what the step makes, replaces or removes */
  async #push(step: Step, target: string): Promise<void> {
    const expected = target.startsWith('../') ? undefined : expectedOf(await this.view.look(target));
    this.steps.push(expected ? { ...step, expected } : step);
  }

  #localPath(path: string): string {
    return pathAt(joinPath(this.#object, LOCAL_ENTRY), path);
  }
}

/** Nothing is expected of what the session makes itself. */
function expectedOf(look: Look | undefined): Expected | undefined {
  if (!look) return { type: 'none' };
  if (!look.server) return undefined;
  const { type, length, modified } = look.server.status;
  return type === 'directory' ? { type } : { type, length, modified };
}
