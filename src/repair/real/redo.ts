import { createHash } from 'node:crypto';
import { VenusError } from '../../ipc/errors.ts';
import type { FileStatus, FileTree } from '../../ipc/venus.ts';
import { printable } from '../../term/printable.ts';
import { RepairError } from '../backend.ts';
import { statusOf } from './globalView.ts';
import { pathAt } from './objectPaths.ts';
import type { Expected, Saved, Step } from './work.ts';

const PERMISSIONS = 0o7777;
/** Times of a mount may be cut to seconds. */
const SECOND = 1000;

/** Does steps with ordinary file operations. A step that is done already is not done again. */
export class Redo {
  readonly #files: FileTree;
  readonly #object: string;
  readonly #contents: (saved: Saved) => AsyncIterable<Uint8Array>;
  readonly #savedIn: string;

  /** @param savedIn where the data is, for a user whom the tool cannot help any more */
  constructor(
    files: FileTree,
    object: string,
    contents: (saved: Saved) => AsyncIterable<Uint8Array>,
    savedIn: string,
  ) {
    this.#files = files;
    this.#object = object;
    this.#contents = contents;
    this.#savedIn = savedIn;
  }

  /** @throws RepairError where there is something newer than was decided about; VenusError */
  async perform(step: Step): Promise<void> {
    if (await this.#isDone(step)) return;
    await this.#checkExpected(step);
    await this.#do(step).catch((cause: unknown) => this.#refused(step, cause));
    // Who owns a file is shown by another number than it is set by.
    if (step.op !== 'chown' && !(await this.#isDone(step)))
      throw new RepairError(`${printable(this.#at(step.path))} is not as it was made`, this.#advice());
  }

  /** @throws RepairError where the servers do not allow it; anything else as it is */
  #refused({ op, path }: Step, cause: unknown): never {
    if (!(cause instanceof VenusError) || cause.is('ETIMEDOUT')) throw cause;
    const { why, next } = this.#advice();
    const message = `${op} ${printable(this.#at(path))}: ${cause.message}`;
    throw new RepairError(message, { why: `${cause.why ?? ''} ${why}`.trimStart(), next }, { cause });
  }

  async #do(step: Step): Promise<void> {
    const path = this.#at(step.path);
    switch (step.op) {
      case 'store': {
        const contents = step.saved ? this.#contents(step.saved) : nothing();
        return this.#files.write(path, contents, { mode: step.mode & PERMISSIONS, exclusive: false });
      }
      case 'mkdir':
        return this.#files.mkdir(path, step.mode & PERMISSIONS);
      case 'symlink':
        return this.#files.symlink(path, step.target);
      case 'link':
        return this.#files.link(path, this.#at(step.to));
      case 'rename':
        return this.#files.rename(path, this.#at(step.to));
      case 'remove':
        return this.#removeAll(path);
      case 'chmod':
        return this.#files.setattr(path, { mode: step.mode & PERMISSIONS });
      case 'chown':
        return this.#files.setattr(path, { owner: step.owner });
      case 'utimes':
        return this.#files.setattr(path, { modified: step.modified });
    }
  }

  async #isDone(step: Step): Promise<boolean> {
    const path = this.#at(step.path);
    const there = await statusOf(this.#files, path);
    switch (step.op) {
      case 'store':
        return there?.type === 'file' && (await this.#hasContents(path, there, step.saved));
      case 'mkdir':
        return there?.type === 'directory';
      case 'symlink':
        return there?.type === 'symlink' && (await this.#files.readlink(path)) === step.target;
      case 'link': {
        const other = await statusOf(this.#files, this.#at(step.to));
        return there !== undefined && other?.identity === there.identity;
      }
      case 'rename':
        return !there && (await statusOf(this.#files, this.#at(step.to))) !== undefined;
      case 'remove':
        return !there;
      case 'chmod':
        return there !== undefined && (there.mode & PERMISSIONS) === (step.mode & PERMISSIONS);
      case 'chown':
        return there?.owner === step.owner;
      case 'utimes':
        return there !== undefined && Math.abs(there.modified - step.modified) < SECOND;
    }
  }

  async #hasContents(path: string, { length }: FileStatus, saved: Saved | undefined): Promise<boolean> {
    if (length !== (saved?.length ?? 0)) return false;
    if (!saved) return true;
    const hash = createHash('sha256');
    for await (const bytes of this.#files.read(path)) hash.update(bytes);
    return hash.digest('hex') === saved.sha256;
  }

  async #checkExpected(step: Step): Promise<void> {
    if (!step.expected) return;
    const path = this.#at('to' in step ? step.to : step.path);
    const there = await statusOf(this.#files, path);
    if (!isAsExpected(there, step.expected))
      throw new RepairError(
        `${printable(path)} was changed by somebody since it was decided about`,
        this.#advice(),
      );
  }

  #advice(): { readonly why: string; readonly next: string } {
    const directory = printable(this.#savedIn);
    return {
      why: `It is left as it is, and so is what would have come after it. Your versions are in ${directory}`,
      next: `Move it away and begin again: the repair goes on. Or take what you need from there, and remove ${directory}`,
    };
  }

  async #removeAll(path: string): Promise<void> {
    const status = await this.#files.lstat(path);
    if (status.type === 'directory') {
      const names: string[] = [];
      for await (const { name } of this.#files.readdir(path)) names.push(name);
      for (const name of names) await this.#removeAll(pathAt(path, name));
    }
    await this.#files.remove(path);
  }

  #at(below: string): string {
    return pathAt(this.#object, below);
  }
}

function isAsExpected(there: FileStatus | undefined, expected: Expected): boolean {
  if (expected.type === 'none' || !there) return expected.type === 'none' && !there;
  if (expected.type !== there.type) return false;
  return (
    expected.type === 'directory' ||
    (expected.length === there.length && expected.modified === there.modified)
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty file.
}
