import { describe, expect, test } from 'vitest';
import { CanonicalPaths, type PathLookup } from '../../src/hoard/canonicalPath.ts';
import { type ErrnoName, errno } from '../../src/ipc/errno.ts';
import { BadPathError, NotCodaPathError, VenusError } from '../../src/ipc/errors.ts';
import type { RealmFid } from '../../src/ipc/fid.ts';

/** What a tree has: a volume where one begins, `->` and a text for a link, an errno for what cannot be looked up. */
const tree: Readonly<Record<string, string>> = {
  '/r.org': 'volume 1',
  '/r.org/usr': 'directory',
  '/r.org/usr/jan': 'volume 2',
  '/r.org/usr/jan/src': 'directory',
  '/r.org/usr/jan/src/a.c': 'file',
  '/r.org/usr/jan/down': '->src/a.c',
  '/r.org/usr/jan/src/up': '->../..',
  '/r.org/usr/jan/abs': '->/coda/r.org/usr/jan/src',
  '/r.org/usr/jan/dangling': '->not/there',
  '/r.org/usr/jan/out': '->/etc/passwd',
  '/r.org/usr/jan/loop': '->loop',
  '/r.org/usr/jan/chain': '->down',
  '/r.org/far': 'ETIMEDOUT',
  '/r.org/toFar': '->far',
};

class Tree implements PathLookup {
  readonly asked: string[] = [];

  identify(path: string, follow: boolean): Promise<RealmFid> {
    this.asked.push(path);
    return Promise.resolve(this.#fidOf(path, follow));
  }

  #fidOf(path: string, follow: boolean): RealmFid {
    const what = tree[path] ?? refuse('ENOENT');
    if (what === 'ETIMEDOUT') return refuse('ETIMEDOUT');
    if (follow && what.startsWith('->')) {
      if (what === '->loop') return refuse('ELOOP');
      const target = what.slice(2).replace(/^\/coda/, '');
      const whole = target.startsWith('/') ? target : `${path.slice(0, path.lastIndexOf('/'))}/${target}`;
      return this.#fidOf(new URL(`file://${whole}`).pathname, true);
    }
    const unique = Object.keys(tree).indexOf(path);
    const isDirectory = !what.startsWith('->') && what !== 'file';
    const volume = path.startsWith('/r.org/usr/jan') ? 2 : 1;
    return { volume, vnode: unique * 2 + (isDirectory ? 1 : 2), unique, realm: 'r.org' };
  }

  readlink(path: string): Promise<string> {
    return Promise.resolve((tree[path] ?? '').slice(2));
  }

  toVenusPath(absolute: string): string {
    if (absolute.startsWith('/coda/')) return absolute.slice('/coda'.length);
    throw new NotCodaPathError('Bad file descriptor');
  }
}

function refuse(name: ErrnoName): never {
  throw new VenusError(errno(name));
}

async function nameAt(path: string) {
  const { name, links } = await new CanonicalPaths(new Tree()).resolve(path);
  return [`${name.volume} ${name.name}`, ...links.map((link) => `${link.volume} ${link.name}`)];
}

describe('a path becomes a volume and a name in it', () => {
  test.each([
    ['/r.org', ['1 .']],
    ['/r.org/usr', ['1 ./usr']],
    ['/r.org/usr/jan', ['2 .']],
    ['/r.org/usr/jan/src/a.c', ['2 ./src/a.c']],
    ['/r.org//usr/./jan/src/', ['2 ./src']],
    ['/r.org/usr/jan/src/../../..', ['1 .']],
  ])('%s', async (path, expected) => expect(await nameAt(path)).toEqual(expected));

  test('although nothing is there yet, or a file is in the way', async () => {
    expect(await nameAt('/r.org/usr/jan/new/name')).toEqual(['2 ./new/name']);
    expect(await nameAt('/r.org/usr/jan/src/a.c/b')).toEqual(['2 ./src/a.c/b']);
    expect(await nameAt('/r.org/usr/jan/new/../src')).toEqual(['2 ./src']);
  });

  test('behind links, which are told of', async () => {
    expect(await nameAt('/r.org/usr/jan/down')).toEqual(['2 ./src/a.c', '2 ./down']);
    expect(await nameAt('/r.org/usr/jan/chain')).toEqual(['2 ./src/a.c', '2 ./chain', '2 ./down']);
    expect(await nameAt('/r.org/usr/jan/abs/a.c')).toEqual(['2 ./src/a.c', '2 ./abs']);
    expect(await nameAt('/r.org/usr/jan/src/up/usr')).toEqual(['1 ./usr/usr', '2 ./src/up']);
    expect(await nameAt('/r.org/usr/jan/dangling')).toEqual(['2 ./not/there', '2 ./dangling']);
  });

  test('but not where something cannot be looked up: that is no boundary of a volume', async () => {
    await expect(nameAt('/r.org/far/x')).rejects.toMatchObject({ message: 'Connection timed out' });
    await expect(nameAt('/r.org/toFar')).rejects.toMatchObject({ message: 'Connection timed out' });
  });

  test('but not in a circle, out of Coda, in no realm, or longer than a name may be', async () => {
    await expect(nameAt('/r.org/usr/jan/loop')).rejects.toMatchObject({
      message: 'Too many levels of symbolic links',
    });
    await expect(nameAt('/r.org/usr/jan/out')).rejects.toThrow(NotCodaPathError);
    await expect(nameAt('/')).rejects.toMatchObject({
      why: 'The Coda root itself is in no volume: name something below it.',
    });
    await expect(nameAt('/other.org/x')).rejects.toMatchObject({
      why: 'There is no realm other.org that venus knows.',
    });
    await expect(nameAt('/..')).rejects.toThrow(VenusError);
    await expect(nameAt(`/r.org/usr/jan/${'x'.repeat(200).concat('/').repeat(6)}`)).rejects.toThrow(
      BadPathError,
    );
  });
});

test('of many paths each directory is asked for once', async () => {
  const lookup = new Tree();
  const paths = new CanonicalPaths(lookup);
  await Promise.all(Array.from({ length: 50 }, (_, at) => paths.resolve(`/r.org/usr/jan/src/new${at}`)));
  expect(lookup.asked.filter((path) => path === '/r.org/usr/jan/src')).toHaveLength(1);
});
