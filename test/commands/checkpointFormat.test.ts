import { expect, test } from 'vitest';
import { checkpointml } from '../../src/commands/cfs/checkpointml.ts';
import { purgeml } from '../../src/commands/cfs/purgeml.ts';
import { getVolumeStatus } from '../../src/ipc/calls/getVolumeStatus.ts';
import { FakeVenus, on, run } from './support.ts';
import { pendingReport } from './volumeReports.ts';

const address = { kind: 'mount', directory: '/coda' } as const;

test.each([
  ['checkpointml', checkpointml, []],
  ['purgeml', purgeml, ['--yes']],
])(
  'cfs %s --format is refused at a mounted Coda, whose venus.conf decides, and nothing is done',
  async (_, command, words) => {
    const venus = new FakeVenus([on(getVolumeStatus, () => pendingReport)]);
    const typed = [...words, '--format', 'newc', '/coda/r.org/a'];
    const { status, stderr, stdout } = await run(command, typed, venus, { address });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/: --format newc: a mounted Coda chooses the format itself$/m);
    expect(venus.requests.filter(({ opcode }) => opcode !== getVolumeStatus.opcode)).toEqual([]);
  },
);
