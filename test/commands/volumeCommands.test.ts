import { describe, expect, test } from 'vitest';
import { getmountpoint } from '../../src/commands/cfs/getmountpoint.ts';
import { listvol } from '../../src/commands/cfs/listvol.ts';
import { setquota } from '../../src/commands/cfs/setquota.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';
import { getMountPoint } from '../../src/ipc/calls/getMountPoint.ts';
import { type VolumeReport, getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { setVolumeStatus } from '../../src/ipc/calls/setVolumeStatus.ts';
import { FakeVenus, on, refuse, run } from './support.ts';

const report: VolumeReport = {
  status: {
    volume: 0x7f000001,
    parent: 0,
    online: 1,
    inService: 1,
    blessed: 1,
    needsSalvage: 0,
    type: 3,
    minQuota: 0,
    maxQuota: 5000,
    blocksUsed: 17,
    partitionBlocksAvailable: 600,
    partitionBlocks: 1000,
    unused: 0,
  },
  name: 'u.jan',
  connection: 2,
  conflict: false,
  logEntries: 0,
  offlineMessage: '',
  messageOfTheDay: '',
  reintegrationAge: 0,
  reintegrationTime: 15_000,
  logBytes: 0n,
};

/** A venus whose only volume is this one; nothing is at paths with an x. */
function venusWith(volume: VolumeReport): FakeVenus {
  return new FakeVenus([on(getVolumeStatus, (_, path) => (path.includes('x') ? refuse('EIO') : volume))]);
}

const QUOTA = [
  '  Minimum quota is 0, maximum quota is 5000',
  '  Current blocks used are 17',
  '  The partition has 600 blocks available out of 1000',
];
const STATE = [
  '  Status of volume 7f000001 (2130706433) named "u.jan"',
  '  Volume type is Replicated',
  '  Connection State is Reachable',
  '  Reintegration age: 0 sec, time 15.000 sec',
];
const text = (...lines: readonly string[]) => [...lines, '', ''].join('\n');

describe('cfs listvol', () => {
  test('shows state and quota of a volume', async () => {
    expect(await run(listvol, ['.'], venusWith(report))).toEqual({
      stdout: text(...STATE, ...QUOTA),
      stderr: '',
      status: 0,
    });
  });

  test('shows messages, conflicts and unsent changes where there are any', async () => {
    const { stdout } = await run(
      listvol,
      ['.'],
      venusWith({
        ...report,
        offlineMessage: 'back at noon',
        messageOfTheDay: 'hello',
        conflict: true,
        logEntries: 2,
        logBytes: 5_000_000_000n,
        reintegrationAge: 60,
        reintegrationTime: 1,
      }),
    );
    const [volume = '', ...rest] = STATE.slice(0, 3);
    expect(stdout).toBe(
      text(
        volume,
        '  Offline message is "back at noon"',
        '  Message of the day is "hello"',
        ...rest,
        '  Reintegration age: 60 sec, time 0.001 sec',
        ...QUOTA,
        '  *** There are pending conflicts in this volume ***',
        '  There are 2 CML entries pending for reintegration (5000000000 bytes)',
      ),
    );
  });

  test('shows no quota that no server told', async () => {
    const { stdout } = await run(listvol, ['.'], venusWith({ ...report, connection: 1 }));
    expect(stdout).toContain('  Connection State is Unreachable\n');
    expect(stdout).not.toContain('quota');
  });

  test.each([
    [0, 'unlimited'],
    [-1, 'unlimited'],
    [1, '1'],
  ])('shows a maximum quota of %s as %s', async (maxQuota, shown) => {
    const { stdout } = await run(
      listvol,
      ['.'],
      venusWith({ ...report, status: { ...report.status, maxQuota } }),
    );
    expect(stdout).toContain(`, maximum quota is ${shown}\n`);
  });

  test('shows other negative numbers as C does, and types and states it does not know as question marks', async () => {
    const status = { ...report.status, minQuota: -1, blocksUsed: -2, type: 9 };
    const { stdout } = await run(listvol, ['.'], venusWith({ ...report, status, connection: 9 }));
    expect(stdout).toContain('Minimum quota is 4294967295,');
    expect(stdout).toContain('Current blocks used are 4294967294\n');
    expect(stdout).toContain('Volume type is ????\n  Connection State is ????\n');
  });

  test('asks no server for the directories behind -local, in either spelling', async () => {
    for (const local of ['-local', '--local']) {
      const venus = venusWith(report);
      const { stdout } = await run(listvol, ['a', local, 'b', 'c'], venus);
      const whole = [...STATE, ...QUOTA];
      expect(stdout).toBe(
        text('  a:', ...whole, '').trimEnd() + '\n\n' + text('  b:', ...STATE) + text('  c:', ...STATE),
      );
      const asked = venus.requests.filter(({ opcode }) => opcode === getVolumeStatus.opcode);
      expect(asked.map(({ input }) => getVolumeStatus.request.decode(input))).toEqual([false, true, true]);
    }
  });

  test('goes on after a directory that fails', async () => {
    const finished = await run(listvol, ['x', 'a'], venusWith(report));
    expect(finished.stderr).toBe('x: Input/output error\n');
    expect(finished.stdout).toBe(text('  a:', ...STATE, ...QUOTA));
    expect(finished.status).toBe(1);
  });

  test('has names instead of numbers in --json, and big numbers of bytes', async () => {
    const venus = venusWith({ ...report, logEntries: 1, logBytes: 2n ** 60n });
    const { stdout } = await run(listvol, ['a', 'x', '--json'], venus);
    expect(JSON.parse(stdout)).toMatchObject({
      volumes: [
        {
          path: 'a',
          id: '7f000001',
          type: 'Replicated',
          connection: 'Reachable',
          logBytes: '1152921504606846976',
        },
      ],
      failures: [{ path: 'x', errno: 5, message: 'Input/output error' }],
    });
  });
});

describe('cfs setquota', () => {
  function venusThatKeeps() {
    const kept: { readonly path: string; readonly maxQuota: number; readonly name: string }[] = [];
    const venus = new FakeVenus([
      on(getVolumeStatus, () => report),
      on(setVolumeStatus, ({ status, name }, path) => {
        if (path.includes('x')) refuse('EACCES');
        kept.push({ path, maxQuota: status.maxQuota, name });
        return { status, name, offlineMessage: '', messageOfTheDay: '' };
      }),
    ]);
    return { venus, kept };
  }

  test('says what the quota was and what it will be', async () => {
    const { venus, kept } = venusThatKeeps();
    const { stdout, status } = await run(setquota, ['a', '10', 'b', '0'], venus);
    const was = 'maximum quota is 5000\n';
    expect(stdout).toBe(
      `${was}New value of vs->MaxQuota will be set to 10\n${was}New value of vs->MaxQuota will be set to 0\n`,
    );
    expect(status).toBe(0);
    expect(kept).toEqual([
      { path: '/r.org/a', maxQuota: 10, name: 'u.jan' },
      { path: '/r.org/b', maxQuota: 0, name: 'u.jan' },
    ]);
  });

  test.each([
    ['a'],
    ['a', 'b'],
    ['a', '-1'],
    ['a', '1.5'],
    ['a', ''],
    ['a', '2147483648'],
    ['a', '1', 'b', '1k'],
  ])('asks venus nothing where a word is no quota: %s %s %s %s', async (...words) => {
    const { venus } = venusThatKeeps();
    await expect(run({ ...setquota, optionsFirst: true }, words, venus)).rejects.toThrow(UsageError);
    expect(venus.requests).toEqual([]);
  });
});

describe('cfs getmountpoint', () => {
  const venus = () =>
    new FakeVenus([
      on(getMountPoint, ({ volume, realm }) => (volume === 1 ? refuse('EINVAL') : `/coda/${realm}/vol`)),
    ]);

  test('shows where volumes are, from where the user sees Coda', async () => {
    expect(await run(getmountpoint, ['7f000001@r.org'], venus())).toEqual({
      stdout: '7f000001@r.org:  /coda/r.org/vol\n',
      stderr: '',
      status: 0,
    });
    const { stdout } = await run(getmountpoint, ['0x7F000001@r.org'], venus(), {
      address: { kind: 'mount', directory: '/mnt' },
    });
    expect(stdout).toBe('0x7F000001@r.org:  /mnt/r.org/vol\n');
  });

  test('ends at the first volume that fails', async () => {
    expect(await run(getmountpoint, ['1@r.org', '2@r.org'], venus())).toEqual({
      stdout: '',
      stderr: 'Failed in GetMountPoint.: Invalid argument\n',
      status: 1,
    });
  });

  test.each([
    'u.jan',
    '7f000001',
    '@r.org',
    '7f000001@',
    '1234567890@r.org',
    'g@r.org',
    `1@${'r'.repeat(65)}`,
  ])('takes no other form of a volume: %s', async (word) => {
    await expect(run(getmountpoint, [word], venus())).rejects.toThrow(UsageError);
  });
});
