/** Operations one after the other through a client that may be killed at any moment, and the same on this machine. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CodaError, VenusError, isErrno } from '../../src/ipc/errors.ts';
import type { FileTree } from '../../src/ipc/venus.ts';
import { until } from '../e2e/support.ts';
import { type Operation, doHere, doInCoda } from '../venus/client/localTree.ts';
import { bytesOf } from '../venus/support.ts';
import { type Random, RandomTree } from './randomTree.ts';

/** Times before this one were set on purpose; milliseconds since 1970. */
const SET_TIMES = 1e12;
const BACK = 30_000;

export interface StreamOptions {
  readonly files: FileTree;
  readonly inCoda: string;
  readonly here: string;
  readonly random: Random;
  /** Called before each operation. */
  readonly onStep: () => void;
}

export class KilledStream {
  readonly #options: StreamOptions;
  readonly #tree: RandomTree;
  /**
   * Operations whose answer was lost: those that had been done, and those that had not; among them those for which
   * something was needed of a server that was not there.
   */
  readonly lost = { done: 0, undone: 0, unreachable: 0 };
  /** Operations that were done, of each kind. */
  readonly count = new Map<string, number>();

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#tree = new RandomTree(options.random);
  }

  async run(operations: number): Promise<void> {
    for (let number = 0; number < operations; number++) {
      this.#options.onStep();
      await this.#step(this.#tree.next());
    }
  }

  async #step(operation: Operation): Promise<void> {
    const { files, inCoda, here } = this.#options;
    const before = factsHere(here, operation);
    for (;;) {
      const end = await doInCoda(files, inCoda, operation).catch(unlessLost);
      if (end === 'ETIMEDOUT') this.lost.unreachable += 1;
      else if (end !== undefined) {
        this.#both(operation, end);
        return;
      }
      const found = await this.#look(operation);
      if (isSame(found, before)) {
        this.lost.undone += 1;
        continue;
      }
      this.lost.done += 1;
      this.#both(operation, undefined);
      expect({ operation, facts: found }).toEqual({ operation, facts: factsHere(here, operation) });
      return;
    }
  }

  /** What has become of it, when the client answers again and has what it needs. */
  async #look(operation: Operation): Promise<readonly string[]> {
    const { files, inCoda } = this.#options;
    let found: readonly string[] | undefined;
    await until(async () => {
      found = await factsInCoda(files, inCoda, operation).catch(unlessLost);
      return found !== undefined;
    }, BACK);
    return found ?? [];
  }

  /** Does it here, too. @param end how it ended in Coda, if that is known */
  #both(operation: Operation, end: string | undefined): void {
    const expected = doHere(this.#options.here, operation);
    if (end !== undefined) expect({ ...operation, end }).toEqual({ ...operation, end: expected });
    if (!expected.startsWith('done')) return;
    this.#tree.done(operation);
    this.count.set(operation.op, (this.count.get(operation.op) ?? 0) + 1);
  }
}

/** All below a directory: path, type, mode, links, contents, and times that were set. */
export function treeHere(top: string, prefix = ''): readonly string[] {
  const lines: string[] = [];
  for (const entry of fs.readdirSync(top, { withFileTypes: true })) {
    const path = join(top, entry.name);
    lines.push(`${prefix}${entry.name}: ${factHere(path)}`);
    if (entry.isDirectory()) lines.push(...treeHere(path, `${prefix}${entry.name}/`));
  }
  return lines.sort();
}

export async function treeInCoda(files: FileTree, top: string, prefix = ''): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { name, type } of files.readdir(top)) {
    const path = `${top}/${name}`;
    lines.push(`${prefix}${name}: ${await factInCoda(files, path)}`);
    if (type === 'directory') lines.push(...(await treeInCoda(files, path, `${prefix}${name}/`)));
  }
  return lines.sort();
}

function pathsOf(operation: Operation): readonly string[] {
  return 'to' in operation ? [operation.path, operation.to] : [operation.path];
}

function factsHere(top: string, operation: Operation): readonly string[] {
  return pathsOf(operation).map((path) => factHere(join(top, path)));
}

async function factsInCoda(files: FileTree, top: string, operation: Operation): Promise<readonly string[]> {
  const facts: string[] = [];
  for (const path of pathsOf(operation)) facts.push(await factInCoda(files, `${top}/${path}`));
  return facts;
}

function factHere(path: string): string {
  const status = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!status) return 'nothing';
  if (status.isSymbolicLink()) return `symlink ${fs.readlinkSync(path)}`;
  const { mode, nlink, mtimeMs } = status;
  if (status.isDirectory()) return `directory ${(mode & 0o7777).toString(8)}`;
  return describeFile(mode & 0o7777, nlink, mtimeMs, fs.readFileSync(path));
}

async function factInCoda(files: FileTree, path: string): Promise<string> {
  try {
    const { type, mode, linkCount, modified } = await files.lstat(path);
    if (type === 'symlink') return `symlink ${await files.readlink(path)}`;
    if (type === 'directory') return `directory ${mode.toString(8)}`;
    return describeFile(mode, linkCount, modified, await bytesOf(files.read(path)));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'nothing';
    throw error;
  }
}

function describeFile(mode: number, links: number, modified: number, contents: Uint8Array): string {
  const time = modified < SET_TIMES ? ` of ${modified}` : '';
  const digest = createHash('sha256').update(contents).digest('hex');
  return `file ${mode.toString(8)} ${links}${time} ${contents.length} ${digest}`;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.every((fact, index) => fact === others[index]);
}

/** Nothing, where no answer came: from the client, or from a server that it had to ask. */
function unlessLost(error: unknown): undefined {
  const isAnswer = error instanceof VenusError && !error.is('ETIMEDOUT');
  if (error instanceof CodaError && !isAnswer) return undefined;
  throw error;
}
