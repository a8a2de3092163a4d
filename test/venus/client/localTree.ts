/** The file system of this machine as a model for the embedded venus: what both do must be the same. */
import * as fs from 'node:fs';
import type { FileTree } from '../../../src/ipc/venus.ts';
import { decodeText, encodeText } from '../../../src/ipc/text.ts';
import { bytesOf, chunks, collect, outcome } from '../support.ts';

/** One operation. Paths begin at the directory under test. */
export type Operation =
  | { readonly op: 'mkdir'; readonly path: string; readonly mode: number }
  | {
      readonly op: 'write';
      readonly path: string;
      readonly contents: string;
      readonly mode: number;
      readonly exclusive: boolean;
    }
  | { readonly op: 'remove' | 'read' | 'readdir' | 'readlink' | 'lstat'; readonly path: string }
  | { readonly op: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly op: 'symlink'; readonly path: string; readonly target: string }
  | { readonly op: 'setattr'; readonly path: string; readonly mode?: number; readonly modified?: number };

/** How an operation ended: what it answered, or the name of its errno. */
export type End = string;

/** Does an operation in Coda. */
export async function doInCoda(files: FileTree, top: string, operation: Operation): Promise<End> {
  const path = `${top}/${operation.path}`;
  let answer = '';
  const end = await outcome(
    perform().then((found) => {
      answer = found;
    }),
  );
  return end === 'done' ? `done ${answer}` : end;

  async function perform(): Promise<string> {
    switch (operation.op) {
      case 'mkdir':
        await files.mkdir(path, operation.mode);
        return '';
      case 'write':
        await files.write(path, chunks(operation.contents), operation);
        return '';
      case 'remove':
        await files.remove(path);
        return '';
      case 'read':
        return Buffer.from(await bytesOf(files.read(path))).toString();
      case 'readdir': {
        const entries = await collect(files.readdir(path));
        return list(entries.map(({ name, type }) => `${type} ${name}`));
      }
      case 'readlink':
        return files.readlink(path);
      case 'lstat':
        return describe(await files.lstat(path));
      case 'rename':
        await files.rename(path, `${top}/${operation.to}`);
        return '';
      case 'link':
        await files.link(path, `${top}/${operation.to}`);
        return '';
      case 'symlink':
        await files.symlink(path, operation.target);
        return '';
      case 'setattr': {
        const { mode, modified } = operation;
        await files.setattr(path, {
          ...(mode === undefined ? {} : { mode }),
          ...(modified === undefined ? {} : { modified }),
        });
        const { status } = await files.resolve(path);
        return modified === undefined ? '' : String(status.modified);
      }
    }
  }
}

/** Does the same here, apart from where Coda is different on purpose: then nothing is done, and Coda's end is given. */
export function doHere(top: string, operation: Operation): End {
  const different = differenceOf(top, operation);
  if (different !== undefined) return different;
  const path = here(top, operation.path);
  try {
    return `done ${perform()}`;
  } catch (error) {
    const code = codeOf(error);
    // Of two reasons to refuse a file in the place of the directory it is in, Linux names the other one.
    const isFile = operation.op === 'rename' && code === 'ENOTEMPTY' && !fs.lstatSync(path).isDirectory();
    return isFile ? 'EISDIR' : code;
  }

  function perform(): string {
    switch (operation.op) {
      case 'mkdir':
        fs.mkdirSync(path);
        fs.chmodSync(path, operation.mode);
        return '';
      case 'write': {
        const { contents, mode, exclusive } = operation;
        const isNew = !fs.existsSync(path);
        fs.writeFileSync(path, contents, { flag: exclusive ? 'wx' : 'w' });
        if (isNew) fs.chmodSync(path, mode);
        return '';
      }
      case 'remove':
        if (fs.lstatSync(path).isDirectory()) fs.rmdirSync(path);
        else fs.unlinkSync(path);
        return '';
      case 'read':
        return fs.readFileSync(path).toString();
      case 'readdir': {
        const names = fs.readdirSync(path, { encoding: 'buffer' });
        return list(names.map((name) => `${typeOf(fs.lstatSync(join(path, name)))} ${decodeText(name)}`));
      }
      case 'readlink':
        return decodeText(fs.readlinkSync(path, { encoding: 'buffer' }));
      case 'lstat':
        return describe(statusOf(path));
      case 'rename':
        fs.renameSync(path, here(top, operation.to));
        return '';
      case 'link':
        fs.linkSync(path, here(top, operation.to));
        return '';
      case 'symlink':
        fs.symlinkSync(Buffer.from(encodeText(operation.target)), path);
        return '';
      case 'setattr': {
        const { mode, modified } = operation;
        if (mode !== undefined) fs.chmodSync(path, mode);
        if (modified !== undefined) fs.utimesSync(path, modified / 1000, modified / 1000);
        else fs.statSync(path);
        return modified === undefined ? '' : String(fs.statSync(path).mtimeMs);
      }
    }
  }
}

/** What Coda answers where it differs: names of one file are in one directory, and only files have several. */
function differenceOf(top: string, operation: Operation): End | undefined {
  const path = here(top, operation.path);
  if (endOf(() => fs.lstatSync(path)) !== undefined) return undefined;
  const status = fs.lstatSync(path);
  if (operation.op === 'write' && status.isSymbolicLink() && !operation.exclusive) {
    // Known weakness: a link that dangles is not written through.
    return endOf(() => fs.statSync(path)) === 'ENOENT' ? 'EEXIST' : undefined;
  }
  if (operation.op !== 'rename' && operation.op !== 'link') return undefined;
  if (operation.op === 'link' && status.isDirectory()) return 'EPERM';
  const to = here(top, operation.to);
  const noParent = endOf(() => fs.readdirSync(parentOf(to)));
  if (noParent !== undefined) return noParent;
  if (operation.op === 'link' && status.isSymbolicLink()) return 'EPERM';
  const sameParent = fs.realpathSync.native(parentOf(path)) === fs.realpathSync.native(parentOf(to));
  return !sameParent && (operation.op === 'link' || (status.isFile() && status.nlink > 1))
    ? 'EXDEV'
    : undefined;
}

/** All below a directory: path, type, mode, links and contents. */
export function treeHere(top: string): readonly string[] {
  const lines: string[] = [];
  const visit = (directory: Buffer, prefix: string) => {
    for (const name of fs.readdirSync(directory, { encoding: 'buffer' })) {
      const path = join(directory, name);
      const status = statusOf(path);
      const shown = `${prefix}/${decodeText(name)}`;
      lines.push(`${shown}: ${describe(status)} ${contentsHere(path, status.type)}`);
      if (status.type === 'directory') visit(path, shown);
    }
  };
  visit(Buffer.from(top), '');
  return lines.sort();
}

export async function treeInCoda(files: FileTree, top: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const visit = async (directory: string, prefix: string) => {
    for (const { name } of await collect(files.readdir(directory))) {
      const path = `${directory}/${name}`;
      const status = await files.lstat(path);
      lines.push(`${prefix}/${name}: ${describe(status)} ${await contentsInCoda(files, path, status.type)}`);
      if (status.type === 'directory') await visit(path, `${prefix}/${name}`);
    }
  };
  await visit(top, '');
  return lines.sort();
}

interface Status {
  readonly type: string;
  readonly length: number;
  readonly mode: number;
  readonly linkCount: number;
}

/** What both sides have: lengths of directories are each one's own, as modes of links. */
function describe({ type, length, mode, linkCount }: Status): string {
  if (type === 'symlink') return `${type} of ${length}`;
  return `${type} ${mode.toString(8)} ${linkCount}${type === 'file' ? ` of ${length}` : ''}`;
}

function statusOf(path: Buffer): Status {
  const status = fs.lstatSync(path);
  const type = typeOf(status);
  // Not every file system counts the directories in a directory.
  const linkCount = type === 'directory' ? 2 + subdirectoriesOf(path) : status.nlink;
  return { type, length: status.size, mode: status.mode & 0o7777, linkCount };
}

function subdirectoriesOf(path: Buffer): number {
  return fs
    .readdirSync(path, { withFileTypes: true, encoding: 'buffer' })
    .filter((entry) => entry.isDirectory()).length;
}

function typeOf(status: fs.Stats): string {
  return status.isDirectory() ? 'directory' : status.isSymbolicLink() ? 'symlink' : 'file';
}

function contentsHere(path: Buffer, type: string): string {
  if (type === 'directory') return '';
  return type === 'symlink'
    ? decodeText(fs.readlinkSync(path, { encoding: 'buffer' }))
    : fs.readFileSync(path).toString();
}

async function contentsInCoda(files: FileTree, path: string, type: string): Promise<string> {
  if (type === 'directory') return '';
  return type === 'symlink' ? files.readlink(path) : Buffer.from(await bytesOf(files.read(path))).toString();
}

function here(top: string, path: string): Buffer {
  return join(Buffer.from(top), Buffer.from(encodeText(path)));
}

function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), name]);
}

function parentOf(path: Buffer): Buffer {
  return path.subarray(0, path.lastIndexOf('/'));
}

function endOf(work: () => unknown): End | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

function list(lines: readonly string[]): string {
  return [...lines].sort().join(', ');
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error;
}
