import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { directoriesBelow, forEachDirectory } from '../../src/commands/tree.ts';
import { errno } from '../../src/ipc/errno.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import type { DirectoryEntry, FileTree } from '../../src/ipc/venus.ts';
import { FakeVenus, TestContext, refuse } from './support.ts';

const unused = (): never => {
  throw new Error('the test did not expect this');
};

/** Directories and what is in them, as `name` or `name=identity`; a file begins with a dot, a link with an @. */
function treeOf(directories: Readonly<Record<string, readonly string[]>>): FileTree {
  async function* readdir(path: string): AsyncGenerator<DirectoryEntry> {
    await turn();
    const entries = directories[path] ?? refuse('EACCES');
    for (const text of entries) {
      const [name = '', identity = `${path}/${name}`] = text.split('=');
      const type = name.startsWith('.') ? 'file' : name.startsWith('@') ? 'symlink' : 'directory';
      yield { name, type, identity };
    }
  }
  return {
    readdir,
    resolve: unused,
    lstat: unused,
    readlink: unused,
    read: unused,
    write: unused,
    mkdir: unused,
    symlink: unused,
    link: unused,
    rename: unused,
    remove: unused,
    setattr: unused,
  };
}

const tree = treeOf({
  '/r.org/top': ['a', '.file', '@link', 'b'],
  '/r.org/top/a': ['deep'],
  '/r.org/top/a/deep': [],
  '/r.org/top/b': [],
});
const top = { typed: 'top', path: '/r.org/top' };

async function visited(files: FileTree, ...roots: readonly (typeof top)[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const found of directoriesBelow(files, roots)) {
    paths.push('error' in found ? `unread ${found.target.typed}` : found.typed);
  }
  return paths;
}

describe('the directories of a tree', () => {
  test('come parents first, each with what is below it, without files and links', async () => {
    expect(await visited(tree, top)).toEqual(['top', 'top/a', 'top/a/deep', 'top/b']);
  });

  test('come tree by tree', async () => {
    const deep = { typed: './a', path: '/r.org/top/a' };
    expect(await visited(tree, deep, top)).toEqual([
      './a',
      './a/deep',
      'top',
      'top/a',
      'top/a/deep',
      'top/b',
    ]);
  });

  test('are visited although one of them cannot be read', async () => {
    const files = treeOf({ '/r.org/top': ['shut', 'open'], '/r.org/top/open': [] });
    expect(await visited(files, top)).toEqual(['top', 'top/shut', 'unread top/shut', 'top/open']);
  });

  test('do not go round where a volume is mounted in itself', async () => {
    const files = treeOf({
      '/r.org/top': ['a=1'],
      '/r.org/top/a': ['b=2'],
      '/r.org/top/a/b': ['again=1', 'c=3'],
      '/r.org/top/a/b/c': [],
    });
    expect(await visited(files, top)).toEqual(['top', 'top/a', 'top/a/b', 'top/a/b/c']);
  });

  test('are visited twice where one is mounted at two places', async () => {
    const files = treeOf({ '/r.org/top': ['a=1', 'b=1'], '/r.org/top/a': [], '/r.org/top/b': [] });
    expect(await visited(files, top)).toEqual(['top', 'top/a', 'top/b']);
  });
});

describe('work in a tree', () => {
  test('is printed in order, and counted', async () => {
    const context = new TestContext(new FakeVenus([], tree));
    const printed: string[] = [];
    const summary = await forEachDirectory(
      context,
      ['top'],
      async (path) => {
        // The first are the last to be done.
        for (let turns = path.includes('deep') ? 0 : 5; turns > 0; turns--) await turn();
        return path.length;
      },
      (typed, length) => printed.push(`${typed} ${length}`),
    );
    expect(printed).toEqual(['top 10', 'top/a 12', 'top/a/deep 17', 'top/b 12']);
    expect(summary).toEqual({ directories: 4, failed: 0 });
    expect(context.exitStatus()).toBe(0);
  });

  test('goes on after a directory that fails, and reports each once', async () => {
    const files = treeOf({ '/r.org/top': ['shut', 'odd'], '/r.org/top/odd': [] });
    const context = new TestContext(new FakeVenus([], files));
    const printed: string[] = [];
    const summary = await forEachDirectory(
      context,
      ['top'],
      (path) => (path.endsWith('top') ? Promise.resolve() : Promise.reject(new VenusError(errno('EPERM')))),
      (typed) => printed.push(typed),
    );
    expect(printed).toEqual(['top']);
    expect(context.recorded.stderr).toBe(
      'top/shut: Operation not permitted\ntop/odd: Operation not permitted\n',
    );
    expect(summary).toEqual({ directories: 3, failed: 2 });
    expect(context.exitStatus()).toBe(1);
  });
});
