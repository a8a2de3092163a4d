import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
  linkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { blockedCalls } from '../../../src/ipc/blockingCalls.ts';
import { TimeLimitError, VenusError } from '../../../src/ipc/errors.ts';
import { MountFiles } from '../../../src/ipc/mount/mountFiles.ts';
import type { DirectoryEntry, FileTree } from '../../../src/ipc/venus.ts';
import { bytesOfText, joinBytes } from '../../support/bytes.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const LIMIT = 5000;
const temporary = useTemporaryDirectory();
afterEach(() => vi.restoreAllMocks());
/** A name that is no UTF-8: the bytes `a`, FF, `b`. */
const ODD = 'a\udcffb';
const oddBytes = () =>
  Buffer.concat([Buffer.from(`${temporary()}/a`), Buffer.from([0xff]), Buffer.from('b')]);
const files = (): FileTree => new MountFiles(temporary(), LIMIT);
const REPLACE = { mode: 0o644, exclusive: false };

async function* contents(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield bytesOfText(chunk);
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function readAll(path: string): Promise<string> {
  return Buffer.from(joinBytes(...(await collect(files().read(path))))).toString('latin1');
}

async function expectErrno(work: Promise<unknown>, errno: number): Promise<void> {
  await expect(work).rejects.toThrow(VenusError);
  await expect(work).rejects.toMatchObject({ errno });
}

describe('looking at a mounted tree', () => {
  test('tells what an object is, without following it', async () => {
    writeFileSync(temporary('file'), 'seven b');
    chmodSync(temporary('file'), 0o2640);
    linkSync(temporary('file'), temporary('second'));
    mkdirSync(temporary('dir'));
    symlinkSync('nowhere', temporary('link'));
    const stats = lstatSync(temporary('file'));
    expect(await files().lstat('/file')).toEqual({
      type: 'file',
      length: 7,
      mode: 0o2640,
      linkCount: 2,
      owner: stats.uid,
      modified: Math.floor(stats.mtimeMs),
      identity: `${stats.dev}:${stats.ino}`,
    });
    expect(await files().lstat('/dir')).toMatchObject({ type: 'directory' });
    expect(await files().lstat('/link')).toMatchObject({ type: 'symlink', length: 7 });
    expect((await files().lstat('/second')).identity).toBe((await files().lstat('/file')).identity);
  });

  test('lists a directory with names of any bytes', async () => {
    writeFileSync(temporary('ä'), '');
    writeFileSync(oddBytes(), '');
    mkdirSync(temporary('dir'));
    symlinkSync('dir', temporary('link'));
    const entries = [...(await collect<DirectoryEntry>(files().readdir('/')))];
    const identity = (name: string) => `${lstatSync(name).dev}:${lstatSync(name).ino}`;
    expect(entries.sort((one, other) => (one.name < other.name ? -1 : 1))).toEqual([
      { name: ODD, type: 'file', identity: `${lstatSync(oddBytes()).dev}:${lstatSync(oddBytes()).ino}` },
      { name: 'dir', type: 'directory', identity: identity(temporary('dir')) },
      { name: 'link', type: 'symlink', identity: identity(temporary('link')) },
      { name: 'ä', type: 'file', identity: identity(temporary('ä')) },
    ]);
  });

  test('finds the object behind links, and its path without any', async () => {
    mkdirSync(temporary('dir'));
    writeFileSync(temporary('dir/file'), 'x');
    symlinkSync('dir', temporary('link'));
    symlinkSync('link/file', temporary('both'));
    expect(await files().resolve('/both')).toMatchObject({ path: '/dir/file', status: { type: 'file' } });
    expect(await files().resolve('/link')).toMatchObject({ path: '/dir', status: { type: 'directory' } });
    expect(await files().resolve('/')).toMatchObject({ path: '/', status: { type: 'directory' } });
    expect(await files().resolve('/dir/..')).toMatchObject({ path: '/' });
  });

  test('finds the object also where its root is reached through a link', async () => {
    mkdirSync(temporary('real/dir'), { recursive: true });
    symlinkSync('real', temporary('mnt'));
    expect(await new MountFiles(temporary('mnt'), LIMIT).resolve('/dir')).toMatchObject({ path: '/dir' });
  });

  test('does not leave its root by links', async () => {
    mkdirSync(temporary('root'));
    mkdirSync(temporary('rootless'));
    symlinkSync('../rootless', temporary('root/out'));
    await expectErrno(new MountFiles(temporary('root'), LIMIT).resolve('/out'), 2);
    await expectErrno(new MountFiles(temporary('root'), LIMIT).resolve('/..'), 2);
  });

  test('reads files and links of any bytes', async () => {
    writeFileSync(oddBytes(), Buffer.alloc(200_000, 'abc'));
    symlinkSync(Buffer.from([0xff, 0x2f, 0x78]), temporary('link'));
    expect(await readAll(`/${ODD}`)).toBe(Buffer.alloc(200_000, 'abc').toString('latin1'));
    expect(await files().readlink('/link')).toBe('\udcff/x');
  });
});

describe('storing a file', () => {
  test('makes it with the mode given', async () => {
    await files().write('/new', contents('one ', 'two'), { mode: 0o640, exclusive: false });
    expect(readFileSync(temporary('new'), 'utf8')).toBe('one two');
    expect(lstatSync(temporary('new')).mode & 0o777).toBe(0o640);
    expect(readdirSync(temporary())).toEqual(['new']);
  });

  test('replaces one as a whole and keeps its mode, whatever the umask', async () => {
    writeFileSync(temporary('file'), 'old contents');
    chmodSync(temporary('file'), 0o666);
    const before = lstatSync(temporary('file')).ino;
    await files().write('/file', contents('new'), { mode: 0o600, exclusive: false });
    expect(readFileSync(temporary('file'), 'utf8')).toBe('new');
    expect(lstatSync(temporary('file')).mode & 0o777).toBe(0o666);
    expect(lstatSync(temporary('file')).ino).not.toBe(before);
  });

  test('shows readers the old contents until it is done', async () => {
    writeFileSync(temporary('file'), 'old');
    async function* watched(): AsyncGenerator<Uint8Array> {
      yield bytesOfText('half of ');
      await Promise.resolve();
      expect(readFileSync(temporary('file'), 'utf8')).toBe('old');
      yield bytesOfText('the new');
    }
    await files().write('/file', watched(), REPLACE);
    expect(readFileSync(temporary('file'), 'utf8')).toBe('half of the new');
  });

  test('leaves nothing behind when the contents fail midway', async () => {
    writeFileSync(temporary('file'), 'old');
    async function* failing(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      yield bytesOfText('half');
      throw new Error('the source is gone');
    }
    await expect(files().write('/file', failing(), REPLACE)).rejects.toThrow('the source is gone');
    await expect(files().write('/new', failing(), REPLACE)).rejects.toThrow('the source is gone');
    expect(readFileSync(temporary('file'), 'utf8')).toBe('old');
    expect(readdirSync(temporary())).toEqual(['file']);
  });

  test('refuses to replace anything where that is not wanted, and a dangling link is something', async () => {
    writeFileSync(temporary('file'), 'old');
    symlinkSync('@7f000001.00000001.00000001@r.org.', temporary('conflict'));
    const exclusive = { mode: 0o644, exclusive: true };
    await expectErrno(files().write('/file', contents('new'), exclusive), 17);
    await expectErrno(files().write('/conflict', contents('new'), exclusive), 17);
    await files().write('/other', contents('new'), exclusive);
    expect(readFileSync(temporary('file'), 'utf8')).toBe('old');
    expect(readlinkSync(temporary('conflict'))).toBe('@7f000001.00000001.00000001@r.org.');
    expect(readFileSync(temporary('other'), 'utf8')).toBe('new');
  });

  test('does not touch another file that has the name of its unfinished one', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    let unfinished: readonly string[] = [];
    async function* watched(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      unfinished = readdirSync(temporary());
      yield bytesOfText('x');
    }
    await files().write('/first', watched(), REPLACE);
    expect(unfinished).toHaveLength(1);
    for (const name of unfinished) {
      writeFileSync(temporary(name), 'precious');
      await expectErrno(files().write('/second', contents('new'), REPLACE), 17);
      expect(readFileSync(temporary(name), 'utf8')).toBe('precious');
    }
  });

  test('twice at the same time leaves one of the two, as a whole', async () => {
    const both = ['one', 'two'].map((text) => files().write('/file', contents(text, text), REPLACE));
    await Promise.all(both);
    expect(['oneone', 'twotwo']).toContain(readFileSync(temporary('file'), 'utf8'));
    expect(readdirSync(temporary())).toEqual(['file']);
  });

  test.each([
    ['255 bytes', 'n'.repeat(255)],
    ['255 bytes that are 85 characters', '€'.repeat(85)],
    ['bytes that are no UTF-8', ODD],
  ])('takes a name of %s', async (_, name) => {
    await files().write(`/${name}`, contents('x'), REPLACE);
    expect((await collect(files().readdir('/'))).map((entry) => entry.name)).toEqual([name]);
    expect(await readAll(`/${name}`)).toBe('x');
  });

  test('cannot be done in the place of a directory, or where there is none', async () => {
    mkdirSync(temporary('dir'));
    await expectErrno(files().write('/dir', contents('x'), REPLACE), 21);
    await expectErrno(files().write('/none/file', contents('x'), REPLACE), 2);
    expect(readdirSync(temporary())).toEqual(['dir']);
  });
});

describe('changing a mounted tree', () => {
  test('makes directories and links, also with odd names', async () => {
    await files().mkdir(`/${ODD}`, 0o750);
    expect(lstatSync(oddBytes()).mode & 0o777).toBe(0o750);
    await files().symlink('/link', '\udcfe target');
    expect(readlinkSync(temporary('link'), 'buffer')).toEqual(Buffer.from('\xfe target', 'latin1'));
    writeFileSync(temporary('file'), 'x');
    await files().link('/file', '/second');
    expect(lstatSync(temporary('second')).ino).toBe(lstatSync(temporary('file')).ino);
  });

  test('renames onto what was there', async () => {
    writeFileSync(temporary('one'), '1');
    writeFileSync(temporary('two'), '2');
    await files().rename('/one', '/two');
    expect(readdirSync(temporary())).toEqual(['two']);
    expect(readFileSync(temporary('two'), 'utf8')).toBe('1');
  });

  test('removes files, empty directories, and links but not what they lead to', async () => {
    mkdirSync(temporary('dir'));
    mkdirSync(temporary('kept'));
    writeFileSync(temporary('file'), '');
    symlinkSync('kept', temporary('link'));
    for (const path of ['/dir', '/file', '/link']) await files().remove(path);
    expect(readdirSync(temporary())).toEqual(['kept']);
  });

  test('sets mode, time and owner, each alone', async () => {
    writeFileSync(temporary('file'), '', { mode: 0o600 });
    await files().setattr('/file', { modified: 1_700_000_000_123 });
    expect(await files().lstat('/file')).toMatchObject({ mode: 0o600, modified: 1_700_000_000_123 });
    await files().setattr('/file', { mode: 0o644 });
    expect(await files().lstat('/file')).toMatchObject({ mode: 0o644, modified: 1_700_000_000_123 });
    const owner = lstatSync(temporary('file')).uid;
    await files().setattr('/file', { owner });
    expect(await files().lstat('/file')).toMatchObject({ owner, mode: 0o644 });
  });

  test('sets times to the millisecond', async () => {
    writeFileSync(temporary('file'), '');
    for (const milliseconds of [0, 1, 122, 123, 499, 500, 701, 998, 999]) {
      const modified = 1_795_297_551_000 + milliseconds;
      await files().setattr('/file', { modified });
      expect(await files().lstat('/file')).toMatchObject({ modified });
    }
  });

  test('sets the time of a link itself', async () => {
    writeFileSync(temporary('file'), '');
    const before = (await files().lstat('/file')).modified;
    symlinkSync('file', temporary('link'));
    await files().setattr('/link', { modified: 1_000_000 });
    expect((await files().lstat('/link')).modified).toBe(1_000_000);
    expect((await files().lstat('/file')).modified).toBe(before);
  });
});

describe('errors of the system are answers with an errno', () => {
  test('where something is missing', async () => {
    await expectErrno(files().lstat('/none'), 2);
    await expectErrno(files().resolve('/none'), 2);
    await expectErrno(collect(files().readdir('/none')), 2);
    await expectErrno(files().readlink('/none'), 2);
    await expectErrno(collect(files().read('/none')), 2);
    await expectErrno(files().link('/none', '/x'), 2);
    await expectErrno(files().rename('/none', '/x'), 2);
    await expectErrno(files().remove('/none'), 2);
    await expectErrno(files().setattr('/none', { mode: 0o600 }), 2);
  });

  test('where something is of the wrong kind, there already, or not empty', async () => {
    writeFileSync(temporary('file'), '');
    mkdirSync(temporary('dir/sub'), { recursive: true });
    symlinkSync('loop', temporary('loop'));
    await expectErrno(files().lstat('/file/x'), 20);
    await expectErrno(collect(files().readdir('/file')), 20);
    await expectErrno(collect(files().read('/dir')), 21);
    await expectErrno(files().readlink('/file'), 22);
    await expectErrno(files().mkdir('/dir', 0o700), 17);
    await expectErrno(files().symlink('/file', 'x'), 17);
    await expectErrno(files().remove('/dir'), 39);
    await expectErrno(files().resolve('/loop'), 40);
    await expectErrno(files().mkdir(`/${'n'.repeat(256)}`, 0o700), 36);
  });

  test('where a socket is read', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(temporary('socket'), resolve));
    await expectErrno(collect(files().read('/socket')), 6);
    await new Promise((resolve) => server.close(resolve));
  });
});

test('a call that does not return is given up, and counted until it does', async () => {
  execFileSync('mkfifo', [temporary('stuck')]);
  const reading = collect(new MountFiles(temporary(), 50).read('/stuck'));
  await expect(reading).rejects.toThrow(TimeLimitError);
  await expect(reading).rejects.toThrow(`no answer within 0.05 s (waited for open of ${temporary('stuck')})`);
  expect(blockedCalls()).toBe(1);
  closeSync(openSync(temporary('stuck'), 'w'));
  await vi.waitFor(() => expect(blockedCalls()).toBe(0));
});
