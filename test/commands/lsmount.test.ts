import { describe, expect, test } from 'vitest';
import { lsmount } from '../../src/commands/cfs/lsmount.ts';
import { statMountPoint } from '../../src/ipc/calls/statMountPoint.ts';
import type { FileStatus, FileTree } from '../../src/ipc/venus.ts';
import { FakeVenus, on, refuse, run } from './support.ts';

const unused = (): never => {
  throw new Error('the test did not expect this');
};
const status: FileStatus = {
  type: 'directory',
  length: 0,
  mode: 0o755,
  linkCount: 1,
  owner: 0,
  modified: 0,
  identity: '1.1.1',
};
/** Links that lead nowhere, and what they say. */
const dangling = new Map([
  ['/r.org/gone', '#u.gone.'],
  ['/r.org/link', 'nowhere'],
]);

/** Of a tree as it is: a mount point, a directory, a link to the mount point, a file and links that dangle. */
const files: FileTree = {
  resolve: (path) => {
    if (path === '/r.org/mount' || path === '/r.org/to-mount')
      return Promise.resolve({ path: '/r.org/mount', status });
    if (path === '/r.org/dir') return Promise.resolve({ path, status });
    if (path === '/r.org/file') return Promise.resolve({ path, status: { ...status, type: 'file' } });
    return refuse(path === '/r.org/secret' ? 'EACCES' : 'ENOENT');
  },
  lstat: (path) => (dangling.has(path) ? Promise.resolve({ ...status, type: 'symlink' }) : refuse('ENOENT')),
  readlink: (path) => Promise.resolve(dangling.get(path) ?? ''),
  readdir: unused,
  read: unused,
  write: unused,
  mkdir: unused,
  symlink: unused,
  link: unused,
  rename: unused,
  remove: unused,
  setattr: unused,
};

const venus = () =>
  new FakeVenus(
    [
      on(statMountPoint, (entry, path) => {
        expect(path).toBe('/r.org');
        return entry === 'mount' ? '#u.jan.' : refuse('EINVAL');
      }),
    ],
    files,
  );

describe('cfs lsmount', () => {
  test.each([
    { typed: 'mount', stdout: 'Mount point for volume "u.jan."\n', status: 0 },
    { typed: 'to-mount', stdout: 'Mount point for volume "u.jan."\n', status: 0 },
    { typed: 'dir', stdout: 'Not a mount point\n', status: 1 },
    { typed: 'file', stderr: 'file - Not a mount point\n', status: 1 },
    {
      typed: 'gone',
      stdout: 'Dangling sym link; looks like a mount point for volume "u.gone."\n',
      status: 1,
    },
    { typed: 'link', stdout: '!! link is not a volume mount point\n', status: 1 },
    { typed: 'none', stderr: 'realpath: No such file or directory\n', status: 1 },
  ])('tells what $typed is', async ({ typed, stdout = '', stderr = '', status: expected }) => {
    expect(await run(lsmount, [typed], venus())).toEqual({ stdout, stderr, status: expected });
    expect(await run(lsmount, [typed], venus(), { env: { CODA_CLASSIC: '1' } })).toMatchObject({ status: 0 });
  });

  test('echoes each of several', async () => {
    expect(await run(lsmount, ['dir', 'to-mount'], venus())).toEqual({
      stdout: '       dir  Not a mount point\n  to-mount  Mount point for volume "u.jan."\n',
      stderr: '',
      status: 1,
    });
  });

  test('names kinds in --json', async () => {
    const { stdout } = await run(
      lsmount,
      ['--json', 'mount', 'gone', 'link', 'dir', 'file', 'none'],
      venus(),
    );
    expect(JSON.parse(stdout)).toEqual({
      paths: [
        { path: 'mount', kind: 'mount point', volume: 'u.jan.' },
        { path: 'gone', kind: 'dangling mount point', volume: 'u.gone.' },
        { path: 'link', kind: 'dangling link' },
        { path: 'dir', kind: 'no mount point' },
        { path: 'file', kind: 'no directory' },
      ],
      failures: [{ path: 'none', errno: 2, message: 'No such file or directory' }],
    });
  });
});
