import { describe, expect, test } from 'vitest';
import { adaptive } from '../../src/commands/cfs/adaptive.ts';
import { disconnect } from '../../src/commands/cfs/disconnect.ts';
import { forcereintegrate } from '../../src/commands/cfs/forcereintegrate.ts';
import { listvol } from '../../src/commands/cfs/listvol.ts';
import { reconnect } from '../../src/commands/cfs/reconnect.ts';
import { strong } from '../../src/commands/cfs/strong.ts';
import { truncatelog } from '../../src/commands/cfs/truncatelog.ts';
import { waitforever } from '../../src/commands/cfs/waitforever.ts';
import { writedisconnect } from '../../src/commands/cfs/writedisconnect.ts';
import { writereconnect } from '../../src/commands/cfs/writereconnect.ts';
import { zonelimit } from '../../src/commands/cfs/zonelimit.ts';
import type { Command } from '../../src/commands/command.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';
import type { Call } from '../../src/ipc/call.ts';
import { disconnect as disconnectCall } from '../../src/ipc/calls/disconnect.ts';
import { forceReintegration } from '../../src/ipc/calls/forceReintegration.ts';
import { forceReintegrationAll } from '../../src/ipc/calls/forceReintegrationAll.ts';
import { type VolumeReport, getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { reconnect as reconnectCall } from '../../src/ipc/calls/reconnect.ts';
import { setZoneLimits } from '../../src/ipc/calls/setZoneLimits.ts';
import { truncateLog } from '../../src/ipc/calls/truncateLog.ts';
import { waitForever } from '../../src/ipc/calls/waitForever.ts';
import { writeDisconnect } from '../../src/ipc/calls/writeDisconnect.ts';
import { writeDisconnectAll } from '../../src/ipc/calls/writeDisconnectAll.ts';
import { TimeLimitError } from '../../src/ipc/errors.ts';
import type { ErrnoName } from '../../src/ipc/errno.ts';
import { FakeVenus, type Handler, type RunOptions, on, refuse, run } from './support.ts';
import { pendingReport } from './volumeReports.ts';

const report: VolumeReport = { ...pendingReport, logEntries: 0 };

/** The two requests that set limits; paths with an x are of volumes that cannot have any. */
function limitsVenus() {
  const set: object[] = [];
  const venus = new FakeVenus([
    on(writeDisconnect, (limits, path) => {
      if (path.includes('x')) refuse('EOPNOTSUPP');
      set.push({ path, ...limits });
    }),
    on(writeDisconnectAll, (limits, path) => {
      set.push({ all: path, ...limits });
    }),
  ]);
  return { venus, set };
}

describe('cfs writedisconnect', () => {
  test.each<[words: readonly string[], age: number | undefined, time: number | undefined]>([
    [[], 60, 30_000],
    [['-age', '5'], 5, undefined],
    [['--age', '5m'], 300, undefined],
    [['-time', '1.5'], undefined, 1500],
    [['-hogtime', '0.0005'], undefined, 0],
    [['--hogtime=2'], undefined, 2000],
    // A double is a little less than 1.005, and is cut.
    [['-time', '1.005'], undefined, 1004],
    [['-age', '1', '-time', '2', '-age', '3', '-hogtime', '4'], 3, 4000],
    [['-age', '4294967294', '-time', '4294967.294'], 4294967294, 4294967294],
  ])('%j sets age and time, in seconds and milliseconds', async (words, age, time) => {
    const { venus, set } = limitsVenus();
    const finished = await run(writedisconnect, [...words, 'a'], venus);
    expect(finished).toEqual({ stdout: '', stderr: '', status: 0 });
    expect(set).toEqual([{ path: '/r.org/a', age, time }]);
  });

  test.each([
    [['-age']],
    [['-time']],
    [['-age', 'x']],
    [['-age', '-1']],
    [['-age', '1.5']],
    [['-time', '']],
    [['-age', '4294967295']],
    [['-time', '4294967.295']],
    [['-speed', '1']],
  ])('%j is refused, where the C tool crashes or takes it for 0', async (words) => {
    const { venus } = limitsVenus();
    await expect(run(writedisconnect, words, venus)).rejects.toThrow(UsageError);
    expect(venus.requests).toEqual([]);
  });
});

describe.each<[name: string, command: Command, age: number, time: number]>([
  ['writedisconnect', writedisconnect, 60, 30_000],
  ['writereconnect', writereconnect, 0, 0],
  ['adaptive', adaptive, 0, 15_000],
  ['strong', strong, 0, 0],
])('cfs %s', (_, command, age, time) => {
  test('without a path is for all volumes', async () => {
    const { venus, set } = limitsVenus();
    expect(await run(command, [], venus)).toEqual({ stdout: '', stderr: '', status: 0 });
    expect(set).toEqual([{ all: '/', age, time }]);
  });

  test('prints nothing for one path, and each of several', async () => {
    const { venus, set } = limitsVenus();
    expect(await run(command, ['a'], venus)).toEqual({ stdout: '', stderr: '', status: 0 });
    const { stdout } = await run(command, ['a', '/coda/b'], venus);
    expect(stdout).toBe('        a\n  /coda/b\n');
    expect(set).toEqual(['/r.org/a', '/r.org/a', '/b'].map((path) => ({ path, age, time })));
  });

  test('ends at the first path that fails', async () => {
    const { venus, set } = limitsVenus();
    expect(await run(command, ['a', 'x', 'b'], venus)).toEqual({
      stdout: '  a\n  x\n',
      stderr: 'VIOC_WD: Operation not supported\n',
      status: 1,
    });
    expect(set).toHaveLength(1);
    const classic = await run(command, ['x', 'a'], venus, { env: { CODA_CLASSIC: '1' } });
    expect(classic.status).toBe(255);
  });

  test('says in --json what failed', async () => {
    const { venus } = limitsVenus();
    const { stdout } = await run(command, ['a', 'x', '--json'], venus);
    expect(JSON.parse(stdout)).toEqual({
      failures: [{ path: 'x', errno: 95, message: 'Operation not supported' }],
    });
  });

  test('has the C tool’s label where all volumes fail', async () => {
    const venus = new FakeVenus([on(writeDisconnectAll, () => refuse('EIO'))]);
    expect((await run(command, [], venus)).stderr).toBe('VIOC_WD_ALL: Input/output error\n');
  });
});

describe.each<[name: string, command: Command, call: Call<void, void>, label: string]>([
  ['disconnect', disconnect, disconnectCall, 'VIOC_DISCONNECT'],
  ['reconnect', reconnect, reconnectCall, 'VIOC_RECONNECT'],
  ['truncatelog', truncatelog, truncateLog, '  VIOC_TRUNCATELOG'],
])('cfs %s', (_, command, call, label) => {
  test('is silent when it is done', async () => {
    const venus = new FakeVenus([on(call, () => undefined)]);
    expect(await run(command, [], venus)).toEqual({ stdout: '', stderr: '', status: 0 });
    expect(venus.pathsOf(call)).toEqual(['/']);
    expect(venus.requests[0]?.input).toHaveLength(0);
    expect((await run(command, ['--json'], venus)).stdout).toBe('{\n  "failures": []\n}\n');
  });

  test('has the label of the C tool, and its status', async () => {
    const venus = new FakeVenus([on(call, () => refuse('EAGAIN'))]);
    const stderr = `${label}: Resource temporarily unavailable\n`;
    expect(await run(command, [], venus)).toEqual({ stdout: '', stderr, status: 5 });
    expect((await run(command, [], venus, { env: { CODA_CLASSIC: '1' } })).status).toBe(255);
  });
});

describe('cfs disconnect and reconnect with names of servers', () => {
  test.each([
    [disconnect, 'VIOC_DISCONNECT', 'disconnect', 'cut'],
    [reconnect, 'VIOC_RECONNECT', 'reconnect', 'heal'],
  ])('do nothing, since venus would take all servers', async (command, label, word, verb) => {
    const venus = new FakeVenus([on(disconnectCall, () => undefined), on(reconnectCall, () => undefined)]);
    const person: RunOptions = { ends: { err: true } };
    const { stdout, stderr, status } = await run(command, ['s1.r.org'], venus, person);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toContain(`${label}: servers cannot be named here`);
    expect(stderr).toContain('all of its servers or with none');
    expect(stderr).toContain(`: cfs ${word}; for one server: coda realm link ${verb} CLIENT SERVER\n`);
    const address = { kind: 'mount', directory: '/coda' } as const;
    const mounted = await run(command, ['s1.r.org'], venus, { ...person, address });
    expect(mounted.stderr).toContain(`: cfs ${word}\n`);
    expect(venus.requests).toEqual([]);
  });
});

describe('cfs waitforever', () => {
  function venusThatWaits() {
    const set: object[] = [];
    const venus = new FakeVenus([
      on(waitForever, (waiting) => {
        set.push(waiting);
      }),
    ]);
    return { venus, set };
  }

  test('is for the realm that is named, or that of the working directory', async () => {
    const { venus, set } = venusThatWaits();
    expect(await run(waitforever, ['-on'], venus)).toEqual({ stdout: '', stderr: '', status: 0 });
    await run(waitforever, ['--off', 'other.org'], venus);
    await run(waitforever, ['-on'], venus, { env: { CODA_CWD: '/coda/third.org/usr' } });
    expect(set).toEqual([
      { forever: true, realm: 'r.org' },
      { forever: false, realm: 'other.org' },
      { forever: true, realm: 'third.org' },
    ]);
  });

  const inNoRealm: readonly RunOptions[] = [
    { address: { kind: 'mount', directory: '/mnt/coda' }, cwd: '/home/jan' },
    { address: { kind: 'mount', directory: '/mnt/coda' }, cwd: '/mnt/coda' },
  ];
  test.each(inNoRealm)('asks for a realm where there is none: %j', async (options) => {
    const { venus } = venusThatWaits();
    const { stderr, status } = await run(waitforever, ['-on'], venus, { ...options, ends: { err: true } });
    expect(venus.requests).toEqual([]);
    expect(stderr).toContain('VIOC_WAITFOREVER: no realm is named');
    expect(stderr).toContain('cfs waitforever -on example.org');
    expect(status).toBe(2);
  });

  test.each(['a/b', 'a b', '', 'r'.repeat(65)])('sends no realm that is none: "%s"', async (realm) => {
    const { venus } = venusThatWaits();
    expect((await run(waitforever, ['-on', realm], venus)).status).toBe(2);
    expect(venus.requests).toEqual([]);
  });

  test.each([[[]], [['-on', '-off']], [['on']], [['r.org']]])('%j is a usage error', async (words) => {
    const { venus } = venusThatWaits();
    await expect(run(waitforever, words, venus)).rejects.toThrow(UsageError);
    expect(venus.requests).toEqual([]);
  });
});

describe('cfs zonelimit', () => {
  function venusThatLimits(errno?: ErrnoName) {
    const set: object[] = [];
    const venus = new FakeVenus([
      on(setZoneLimits, (limits) => {
        if (errno) refuse(errno);
        set.push(limits);
      }),
    ]);
    return { venus, set };
  }

  test('says what it has set', async () => {
    const { venus, set } = venusThatLimits();
    const stdout = 'Zone limits set:  red = 10  yellow = -1\n';
    expect(await run(zonelimit, ['10', '-1'], venus)).toEqual({ stdout, stderr: '', status: 0 });
    await run(zonelimit, ['-2147483647', '2147483647'], venus);
    expect(set).toEqual([
      { red: 10, yellow: -1 },
      { red: -2147483647, yellow: 2147483647 },
    ]);
    const json = await run(zonelimit, ['10', '-1', '--json'], venus);
    expect(JSON.parse(json.stdout)).toEqual({ red: 10, yellow: -1, failures: [] });
  });

  test('says nothing of the kind where it fails', async () => {
    const { venus } = venusThatLimits('EIO');
    const stderr = 'VIOC_ZLIMIT: Input/output error\n';
    expect(await run(zonelimit, ['1', '1'], venus)).toEqual({ stdout: '', stderr, status: 1 });
  });

  test.each([['x'], ['1.5'], ['2147483648'], ['-2147483648'], [''], ['0x10']])(
    'refuses %s, where the C tool lifts the limit',
    async (word) => {
      const { venus } = venusThatLimits();
      await expect(run(zonelimit, ['--', word, '1'], venus)).rejects.toThrow(UsageError);
      expect(venus.requests).toEqual([]);
    },
  );
});

describe('cfs forcereintegrate', () => {
  /** @param volumes by the last letter of the path */
  function venusWith(
    volumes: Readonly<Record<string, Partial<VolumeReport> | ErrnoName>>,
    more: Handler[] = [],
  ) {
    return new FakeVenus([
      on(forceReintegration, (_, path) => (path.endsWith('x') ? refuse('EOPNOTSUPP') : undefined)),
      on(getVolumeStatus, (_, path) => {
        const volume = volumes[path.slice(-1)] ?? {};
        return typeof volume === 'string' ? refuse(volume) : { ...report, ...volume };
      }),
      ...more,
    ]);
  }

  test('says that the log is empty', async () => {
    const venus = venusWith({});
    expect(await run(forcereintegrate, ['a'], venus)).toEqual({
      stdout: 'Modifications to u.jan reintegrated to server\n',
      stderr: '',
      status: 0,
    });
    expect(venus.requests.map(({ opcode, follow }) => [opcode, follow])).toContainEqual([140, false]);
    const asked = venus.requests.find(({ opcode }) => opcode === 4);
    expect(asked?.input).toHaveLength(0);
  });

  test('counts what is left, and points to coda doctor', async () => {
    const venus = venusWith({ a: { logEntries: 7 } });
    expect(await run(forcereintegrate, ['a'], venus)).toEqual({
      stdout: '7 CML entries remaining for volume u.jan\n',
      stderr: 'a: 7 entries of the modify log are not on the servers; to see why: coda doctor a\n',
      status: 1,
    });
    expect((await run(forcereintegrate, ['a'], venus, { env: { CODA_CLASSIC: '1' } })).status).toBe(0);
  });

  test('tells a conflict as the C tool does', async () => {
    const venus = venusWith({ a: { logEntries: 1, conflict: true } });
    const { stdout, stderr, status } = await run(forcereintegrate, ['a'], venus);
    expect(stdout).toBe('1 CML entries remaining for volume u.jan\nReintegration failed due to a conflict\n');
    expect(stderr).toContain('a: 1 entry of the modify log is not');
    expect(status).toBe(6);
  });

  test('ends with 5 where the volume is unreachable', async () => {
    const venus = venusWith({ a: { logEntries: 2, connection: 1 } });
    const { stdout, stderr, status } = await run(forcereintegrate, ['a'], venus, { ends: { err: true } });
    expect(stdout).toBe('2 CML entries remaining for volume u.jan\n');
    expect(stderr).toContain('servers of the volume cannot be reached');
    expect(stderr).toContain('coda doctor a');
    expect(status).toBe(5);
  });

  test('has the two lines of the C tool for each step that fails', async () => {
    const venus = venusWith({ y: 'EAGAIN' });
    expect(await run(forcereintegrate, ['x'], venus)).toEqual({
      stdout: '',
      stderr: 'VIOC_SYNCCACHE: Operation not supported\n  VIOC_SYNCCACHE returns -1\n',
      status: 1,
    });
    expect(venus.pathsOf(getVolumeStatus)).toEqual([]);
    expect(await run(forcereintegrate, ['y'], venus)).toEqual({
      stdout: '',
      stderr: 'VIOC_GETVOLSTAT: Resource temporarily unavailable\n  VIOC_GETVOLSTAT returns -1\n',
      status: 5,
    });
    expect((await run(forcereintegrate, ['x'], venus, { env: { CODA_CLASSIC: '1' } })).status).toBe(0);
  });

  test('that takes too long says how to wait for the rest', async () => {
    const slow = () => Promise.reject(new TimeLimitError('no answer within 5 s'));
    const venus = new FakeVenus([on(forceReintegration, slow)]);
    const { stderr, status } = await run(forcereintegrate, ['a'], venus, { ends: { err: true } });
    expect(stderr).toContain('VIOC_SYNCCACHE: no answer within 5 s');
    expect(stderr).toContain('coda pending --wait a');
    expect(status).toBe(5);
  });

  test('goes on with the other paths, each behind its name', async () => {
    const venus = venusWith({ a: { logEntries: 3 } });
    const { stdout, status } = await run(forcereintegrate, ['a', 'x', '/coda/b'], venus);
    expect(stdout).toBe(
      '        a:  3 CML entries remaining for volume u.jan\n' +
        '        x:    /coda/b:  Modifications to u.jan reintegrated to server\n',
    );
    expect(status).toBe(1);
  });

  test('without a path sends all logs, says nothing to scripts, and to a person where to look', async () => {
    const venus = venusWith({}, [on(forceReintegrationAll, () => undefined)]);
    expect(await run(forcereintegrate, [], venus)).toEqual({ stdout: '', stderr: '', status: 0 });
    const { stderr } = await run(forcereintegrate, [], venus, { ends: { err: true } });
    expect(stderr).toContain('coda pending');
  });

  test('without a path has a classic status of its own', async () => {
    const venus = venusWith({}, [on(forceReintegrationAll, () => refuse('EIO'))]);
    const finished = await run(forcereintegrate, [], venus, { env: { CODA_CLASSIC: '1' } });
    expect(finished).toEqual({
      stdout: '',
      stderr: 'VIOC_SYNCCACHE_ALL: Input/output error\n',
      status: 1,
    });
  });

  test('tells it all in --json', async () => {
    const venus = venusWith({ a: { logEntries: 3, logBytes: 2n ** 40n, connection: 1 } });
    const { stdout } = await run(forcereintegrate, ['a', 'b', 'x', '--json'], venus);
    expect(JSON.parse(stdout)).toEqual({
      volumes: [
        { path: 'a', name: 'u.jan', logEntries: 3, logBytes: 2 ** 40, conflict: false, reachable: false },
        { path: 'b', name: 'u.jan', logEntries: 0, logBytes: 0, conflict: false, reachable: true },
      ],
      failures: [
        { path: 'a', message: '3 entries of the modify log are not on the servers' },
        { path: 'x', errno: 95, message: 'Operation not supported' },
      ],
    });
  });
});

describe('cfs listvol --exit-code', () => {
  test.each<[status: number, volume: Partial<VolumeReport>]>([
    [0, {}],
    [1, { logEntries: 1 }],
    [5, { logEntries: 1, connection: 1 }],
    [6, { logEntries: 1, connection: 1, conflict: true }],
  ])('is %s for %j', async (status, volume) => {
    const venus = new FakeVenus([on(getVolumeStatus, () => ({ ...report, ...volume }))]);
    expect((await run(listvol, ['-exit-code', 'a'], venus)).status).toBe(status);
    expect((await run(listvol, ['a', '--exit-code'], venus)).status).toBe(status);
    expect((await run(listvol, ['a'], venus)).status).toBe(0);
  });

  test('adds no line with the path', async () => {
    const venus = new FakeVenus([on(getVolumeStatus, () => report)]);
    expect((await run(listvol, ['a', '--exit-code'], venus)).stdout).toMatch(/^ {2}Status of volume/);
  });

  test('apart, a person is told where to look', async () => {
    const venus = new FakeVenus([on(getVolumeStatus, () => ({ ...report, logEntries: 2 }))]);
    const { stderr, status } = await run(listvol, ['a'], venus, { ends: { err: true } });
    expect(stderr).toBe('what the entries of the log wait for: coda doctor a\n');
    expect(status).toBe(0);
    expect((await run(listvol, ['a'], venus)).stderr).toBe('');
  });
});
