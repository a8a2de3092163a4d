import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clearpriorities } from '../../src/commands/cfs/clearpriorities.ts';
import { enableasr } from '../../src/commands/cfs/enableasr.ts';
import { flushasr } from '../../src/commands/cfs/flushasr.ts';
import { flushcache } from '../../src/commands/cfs/flushcache.ts';
import { flushobject } from '../../src/commands/cfs/flushobject.ts';
import { flushvolume } from '../../src/commands/cfs/flushvolume.ts';
import { listcache } from '../../src/commands/cfs/listcache.ts';
import { lookaside } from '../../src/commands/cfs/lookaside.ts';
import { markincon } from '../../src/commands/cfs/markincon.ts';
import { redir } from '../../src/commands/cfs/redir.ts';
import { setvol } from '../../src/commands/cfs/setvol.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';
import { clearPriorities } from '../../src/ipc/calls/clearPriorities.ts';
import { enableAsr } from '../../src/ipc/calls/enableAsr.ts';
import { flushAsr } from '../../src/ipc/calls/flushAsr.ts';
import { flushCache } from '../../src/ipc/calls/flushCache.ts';
import { flushObject } from '../../src/ipc/calls/flushObject.ts';
import { flushVolume } from '../../src/ipc/calls/flushVolume.ts';
import { getFid } from '../../src/ipc/calls/getFid.ts';
import { getMountPoint } from '../../src/ipc/calls/getMountPoint.ts';
import { getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { listCache, listCacheOfVolume } from '../../src/ipc/calls/listCache.ts';
import { listServers } from '../../src/ipc/calls/listServers.ts';
import { lookaside as lookasideCall } from '../../src/ipc/calls/lookaside.ts';
import { redirect } from '../../src/ipc/calls/redirect.ts';
import { setVersionVector } from '../../src/ipc/calls/setVersionVector.ts';
import { type VolumeSettings, setVolumeStatus } from '../../src/ipc/calls/setVolumeStatus.ts';
import { listingName, useListings } from '../support/listingFiles.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { FakeVenus, on, refuse, run } from './support.ts';
import { pendingReport } from './volumeReports.ts';

const SILENT = { stdout: '', stderr: '', status: 0 };

describe('the flush verbs', () => {
  const venus = new FakeVenus([
    on(flushObject, (_, path) => (path.endsWith('busy') ? refuse('EMFILE') : undefined)),
    on(flushVolume, (_, path) => (path.endsWith('none') ? refuse('ENOENT') : undefined)),
    on(flushCache, () => undefined),
    on(clearPriorities, () => refuse('EIO')),
  ]);

  test('say nothing of a single object, and echo several', async () => {
    expect(await run(flushobject, ['--yes', 'a'], venus)).toEqual(SILENT);
    expect((await run(flushobject, ['--yes', 'a', 'bcd'], venus)).stdout).toBe('    a  \n  bcd  \n');
    expect(await run(flushvolume, ['--yes', 'a'], venus)).toEqual(SILENT);
    expect(await run(flushcache, ['--yes'], venus)).toEqual(SILENT);
  });

  test('say what cannot be dropped in the classic words, go on, and fail', async () => {
    const finished = await run(flushobject, ['--yes', 'busy', 'a'], venus);
    expect(finished).toEqual({
      stdout: '  busy       a  \n',
      stderr: "Can't flush active file\n",
      status: 1,
    });
    const classic = await run(flushobject, ['--yes', 'busy'], venus, { env: { CODA_CLASSIC: '1' } });
    expect(classic.status).toBe(0);
  });

  test('have the classic labels', async () => {
    const one = await run(flushvolume, ['--yes', 'none'], venus);
    expect(one.stderr).toBe('  VIOC_FLUSHVOLUME: No such file or directory\n');
    const other = await run(clearpriorities, ['--yes', '--json'], venus);
    expect(other).toMatchObject({ stderr: '  VIOC_CLEARPRIORITIES: Input/output error\n', status: 1 });
    expect(JSON.parse(other.stdout)).toMatchObject({ failures: [{ errno: 5 }] });
  });
});

describe('cfs listcache', () => {
  const makeListing = useListings();
  const directory = useTemporaryDirectory();
  const LONG =
    '/coda/r.org: 7f000000\n  sm /u  2.7f000000.4.ea\n* d  /d  1  2.7f000000.3.2\n  d/   2.7f000000.1.1\n\n' +
    '???: 7f000002\n* f  /sd/f1  2.7f000002.2.22\n\n';

  function venusWith(contents: string) {
    const asked: object[] = [];
    const answer = (request: object, path: string) => {
      asked.push({ path, ...request });
      return makeListing(contents, listingName('listcache'));
    };
    const mounted = on(getMountPoint, ({ volume }) =>
      volume === 7 ? '/coda/r.org/seven' : refuse('EINVAL'),
    );
    const venus = new FakeVenus([
      on(listCache, answer),
      on(listCacheOfVolume, (request, path) =>
        path.endsWith('none') ? refuse('EINVAL') : answer(request, path),
      ),
      mounted,
    ]);
    return { venus, asked };
  }

  test.each([
    [[], { long: false, valid: true, invalid: true }],
    [['-l', '-ov'], { long: true, valid: true, invalid: false }],
    [['-onv'], { long: false, valid: false, invalid: true }],
    [['-ov', '-onv'], { long: false, valid: true, invalid: true }],
    [['-a'], { long: false, valid: true, invalid: true }],
    [['-all', '-ov'], { long: false, valid: true, invalid: true }],
  ])('%j asks for %j', async (words, wanted) => {
    const { venus, asked } = venusWith('all\n');
    expect(await run(listcache, words, venus)).toEqual({ ...SILENT, stdout: 'all\n' });
    expect(asked).toEqual([{ path: '/', ...wanted }]);
  });

  test('takes paths, also those that begin as a number does, and ids with a realm', async () => {
    const { venus, asked } = venusWith('one\n');
    expect(await run(listcache, ['data', '7@r.org'], venus)).toEqual({ ...SILENT, stdout: 'one\none\n' });
    expect(asked).toMatchObject([{ path: '/r.org/data' }, { path: '/r.org/seven' }]);
  });

  test('ends at the first volume that fails', async () => {
    const { venus } = venusWith('one\n');
    const classic = { env: { CODA_CLASSIC: '1' } };
    expect(await run(listcache, ['none', 'data'], venus, classic)).toEqual({
      stdout: '',
      stderr: 'Failed in ListCache.: Invalid argument\n',
      status: 255,
    });
    const unmounted = await run(listcache, ['8@r.org', 'data'], venus);
    expect(unmounted).toMatchObject({ stdout: '', stderr: 'Failed in GetMountPoint.: Invalid argument\n' });
  });

  test('writes to a new file, and to no other', async () => {
    const { venus } = venusWith('all\n');
    const file = join(directory(), 'list');
    expect(await run(listcache, ['-f', file], venus)).toEqual(SILENT);
    expect(readFileSync(file, 'utf8')).toBe('all\n');
    const again = await run(listcache, ['-file', file], venus);
    expect(again).toEqual({ stdout: `Cannot create file: ${file}\n`, stderr: '', status: 1 });
  });

  test('gives an object in each line of --json', async () => {
    const { venus, asked } = venusWith(LONG);
    const { stdout } = await run(listcache, ['--json'], venus);
    const volume = { volume: '7f000000', mountPath: '/coda/r.org' };
    expect(asked).toMatchObject([{ long: true }]);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([
      { ...volume, path: '/u', fid: '7f000000.4.ea', type: 'symlink', valid: true, link: 'mounted' },
      { ...volume, path: '/d  1', fid: '7f000000.3.2', type: 'directory', valid: false },
      { ...volume, path: '', fid: '7f000000.1.1', type: 'directory', valid: true, link: 'root' },
      {
        volume: '7f000002',
        mountPath: '???',
        path: '/sd/f1',
        fid: '7f000002.2.22',
        type: 'file',
        valid: false,
      },
    ]);
  });
});

describe('cfs lookaside', () => {
  const texts: string[] = [];
  const venus = new FakeVenus([
    on(lookasideCall, (text) => {
      texts.push(text);
      return text.includes('bad') ? 'dbopen(/bad) failed' : '/good added (3 entries)\n';
    }),
  ]);

  test.each([
    [['+/good'], ' +/good'],
    [['-/c', '+/good'], ' -/c +/good'],
    [['--clear', '+/good', '-/c'], ' --clear +/good -/c'],
    [['--list'], ' --list'],
    [['-list'], ' -list'],
  ])('%j sends its words behind blanks', async (words, text) => {
    expect(await run(lookaside, words, venus)).toEqual({ ...SILENT, stdout: '/good added (3 entries)\n' });
    expect(texts.at(-1)).toBe(text);
  });

  test('fails where the text of venus says so', async () => {
    expect(await run(lookaside, ['+/bad'], venus)).toEqual({
      stdout: 'dbopen(/bad) failed',
      stderr: '',
      status: 1,
    });
    expect(await run(lookaside, ['+/bad'], venus, { env: { CODA_CLASSIC: '1' } })).toMatchObject({
      status: 0,
    });
  });

  test.each([[[]], [[`+/${'x'.repeat(2047)}`]]])('refuses nothing and too much', async (words) => {
    await expect(run(lookaside, words, venus)).rejects.toThrow(UsageError);
  });
});

describe('cfs markincon', () => {
  const versionVector = { versions: [1, 2, 0, 0, 0, 0, 0, 0], storeId: { host: 5, unique: 6 }, flags: 8 };
  const fid = { volume: 1, vnode: 2, unique: 3, realm: 'r.org' };

  test('sends what there is with the flag added, after the argument where there are several', async () => {
    const set: object[] = [];
    const venus = new FakeVenus([
      on(getFid, (_, path) => (path.endsWith('no') ? refuse('ENOENT') : { fid, versionVector })),
      on(setVersionVector, (sent, path) => void set.push({ path, ...sent })),
    ]);
    const finished = await run(markincon, ['--yes', 'no', 'a'], venus);
    expect(finished).toEqual({
      stdout: 'no\na\n',
      stderr: 'VIOC_GETFID: No such file or directory\n',
      status: 1,
    });
    expect(set).toEqual([{ path: '/r.org/a', ...versionVector, flags: 9 }]);
  });
});

describe('cfs redir', () => {
  test('names one server, or none, and never takes an unknown name for none', async () => {
    const sent: string[] = [];
    const venus = new FakeVenus([
      on(listServers, () => [{ name: 's2', address: '127.10.0.2' }]),
      on(redirect, (address) => (address === '10.0.0.9' ? refuse('EINVAL') : void sent.push(address))),
    ]);
    expect(await run(redir, ['a', 's2'], venus)).toEqual(SILENT);
    expect(await run(redir, ['a'], venus)).toEqual(SILENT);
    expect(sent).toEqual(['127.10.0.2', '0.0.0.0']);
    expect((await run(redir, ['a', '10.0.0.9'], venus)).stderr).toBe('VIOC_REDIR: Invalid argument\n');
    const unknown = await run(redir, ['a', 'no-such-host.invalid'], venus);
    expect(unknown).toMatchObject({ stderr: 'VIOC_REDIR: no-such-host.invalid: no such host\n', status: 1 });
    expect(sent).toHaveLength(2);
  });
});

describe('what is about resolvers', () => {
  const venus = new FakeVenus([on(enableAsr, () => refuse('EOPNOTSUPP')), on(flushAsr, () => undefined)]);

  test('says in a sentence that the embedded venus runs none', async () => {
    expect(await run(enableasr, ['a'], venus)).toEqual({
      stdout: '',
      stderr:
        'VIOC_ENABLEASR: Operation not supported: the embedded venus runs no application-specific resolvers\n',
      status: 1,
    });
    const mounted = { address: { kind: 'mount', directory: '/coda' }, cwd: '/coda/r.org' } as const;
    expect((await run(enableasr, ['a'], venus, mounted)).stderr).toBe(
      'VIOC_ENABLEASR: Operation not supported\n',
    );
  });

  test('prints an empty line for a single object, as the C tool does', async () => {
    expect(await run(flushasr, ['a'], venus)).toEqual({ ...SILENT, stdout: '\n' });
  });
});

describe('cfs setvol', () => {
  const sent: VolumeSettings[] = [];
  const venus = new FakeVenus([
    on(getVolumeStatus, () => pendingReport),
    on(setVolumeStatus, (settings) => {
      sent.push(settings);
      return settings;
    }),
  ]);

  test('sends what is named, and leaves the rest as it is', async () => {
    expect(await run(setvol, ['a', '-max', '60000', '--motd', 'hello'], venus)).toEqual(SILENT);
    expect(sent.at(-1)).toMatchObject({
      status: { maxQuota: 60000, minQuota: -1 },
      messageOfTheDay: 'hello',
      offlineMessage: '',
    });
  });

  test.each([
    [['a']],
    [['a', '-max', 'much']],
    [['a', '-max', '-5']],
    [['a', '-min', '2147483648']],
    [['a', '-motd', '']],
    [['a', '-motd', 'two\nlines']],
    [['a', '-offlinemsg', 'x'.repeat(255)]],
  ])('%j is refused, and nothing is asked', async (words) => {
    const before = venus.requests.length;
    await expect(run(setvol, words, venus)).rejects.toThrow(UsageError);
    expect(venus.requests).toHaveLength(before);
  });
});
