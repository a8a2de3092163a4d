import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestRealm, collect, outcome, raise } from '../support.ts';

/** A place for a realm where writing can be made to fail, and to work again. */
interface Disk {
  readonly directory: string;
  /** How contents and records are refused that it does not take. */
  readonly refusals: { readonly contents: string; readonly records: string };
  fill(): void;
  /** The other way round. */
  free(): void;
  dispose(): void;
}

/** A file system of 4 MiB. @returns undefined where this process may not mount one */
function smallFileSystem(): Disk | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'coda-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'coda-test', directory], { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  const ballast = join(directory, 'ballast');
  return {
    directory,
    refusals: { contents: 'ENOSPC', records: 'ENOSPC' },
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast, { force: true }),
    dispose: () => {
      execFileSync('umount', [directory]);
      rmSync(directory, { recursive: true });
    },
  };
}

function fillWith(file: string): void {
  const fd = openSync(file, 'a');
  try {
    for (let size = 65_536; size >= 1;) if (!tryToWrite(fd, size)) size = Math.floor(size / 2);
  } finally {
    closeSync(fd);
  }
}

function tryToWrite(fd: number, size: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(size, 1)) === size;
  } catch {
    return false;
  }
}

/** Any directory, while the kernel lets this process write no file beyond a size: anybody may have that. */
function limitedFiles(): Disk {
  const directory = mkdtempSync(join(tmpdir(), 'coda-limited-'));
  const limit = (size: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${size}:`]);
  const ignore = () => undefined;
  return {
    directory,
    refusals: { contents: 'EFBIG', records: 'EIO' },
    fill: () => {
      process.on('SIGXFSZ', ignore);
      limit(statSync(join(directory, 'servers', 's1', 'metadata', 'data.mdb')).size);
    },
    free: () => {
      limit('unlimited');
      process.off('SIGXFSZ', ignore);
    },
    dispose: () => rmSync(directory, { recursive: true }),
  };
}

const small = smallFileSystem();
small?.dispose();
const kinds: readonly (readonly [string, () => Disk])[] = [
  ['a file system that is full', () => smallFileSystem() ?? raise('it could be mounted before')],
  ['files that may not grow', limitedFiles],
];

describe.each(small ? kinds : kinds.slice(1))('a server on %s', (_, make) => {
  let [open, opened]: [Disk | undefined, TestRealm | undefined] = [undefined, undefined];
  const disk = () => open ?? raise('there is a disk only inside a test');
  const realm = () => opened ?? raise('there is a realm only inside a test');
  const old = '/test.realm/old';
  const mkdir = (name: string) => realm().files().mkdir(`/test.realm/${name}`, 0o755);
  const list = async () => (await collect(realm().files().readdir('/test.realm'))).map(({ name }) => name);
  /** Makes directories until some are refused. @returns their names, by what became of them */
  const makeUntilRefused = async () => {
    const [done, refused]: [string[], string[]] = [[], []];
    while (refused.length < 3) {
      const names = Array.from({ length: 3 }, (__, at) =>
        `d${done.length + refused.length + at}`.padEnd(255, '-'),
      );
      const ends = await Promise.all(names.map((name) => outcome(mkdir(name))));
      for (const [at, name] of names.entries()) (ends[at] === 'done' ? done : refused).push(name);
      const others = ends.filter((end) => end !== 'done' && end !== disk().refusals.records);
      expect(others).toEqual([]);
    }
    return { done, refused };
  };
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  beforeEach(async () => {
    process.on('unhandledRejection', note);
    // LMDB tells of every commit that failed.
    vi.spyOn(console, 'error').mockReturnValue();
    open = make();
    opened = await TestRealm.open(open.directory);
    await opened.write(old, 'as it was');
  });
  afterEach(async () => {
    open?.free();
    await opened?.close();
    open?.dispose();
    process.off('unhandledRejection', note);
    vi.restoreAllMocks();
    expect(unhandled).toEqual([]);
  });

  it('refuses updates that it cannot write, keeps what it has, and goes on when it can write again', async () => {
    disk().fill();
    const { done, refused } = await makeUntilRefused();
    expect((await list()).sort()).toEqual([...done, 'old'].sort());
    expect(await realm().read(old)).toBe('as it was');

    disk().free();
    for (const name of refused) await mkdir(name);
    expect((await list()).sort()).toEqual([...done, ...refused, 'old'].sort());
  });

  it('has after a restart what it has acknowledged, and nothing of what it has refused', async () => {
    disk().fill();
    const { done } = await makeUntilRefused();
    disk().free();
    await realm().close();
    opened = await TestRealm.open(disk().directory);
    expect((await list()).sort()).toEqual([...done, 'old'].sort());
    expect(await realm().read(old)).toBe('as it was');
  });

  it('refuses contents that it cannot write, leaves nothing of them, and keeps the old ones', async () => {
    const containers = join(disk().directory, 'servers', 's1', 'containers', '0000');
    const contents = Buffer.alloc(1024 * 1024, 'x');
    disk().fill();
    expect(await outcome(realm().write(old, contents))).toBe(disk().refusals.contents);
    expect(await outcome(realm().write('/test.realm/new', contents))).toBe(disk().refusals.contents);
    expect(readdirSync(containers)).toEqual(['00000001']);
    expect(await list()).toEqual(['old']);

    disk().free();
    expect(await realm().read(old)).toBe('as it was');
    await realm().write(old, contents);
    expect(await realm().read(old)).toBe(contents.toString());
    expect(readdirSync(containers)).toHaveLength(1);
  });
});
