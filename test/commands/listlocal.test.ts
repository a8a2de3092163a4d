import { existsSync } from 'node:fs';
import { getuid } from 'node:process';
import { describe, expect, test } from 'vitest';
import { listlocal } from '../../src/commands/cfs/listlocal.ts';
import { listLocal } from '../../src/ipc/calls/listLocal.ts';
import { TimeLimitError } from '../../src/ipc/errors.ts';
import { OutputClosedError } from '../../src/term/terminal.ts';
import { listingName, useListings } from '../support/listingFiles.ts';
import { RecordingTerminal } from '../support/recordingTerminal.ts';
import { FakeVenus, TestContext, on, refuse, run } from './support.ts';

const makeListing = useListings();
const LABEL = 'VIOC_REP_CMD(REP_CMD_LIST)';
const CLASSIC = { env: { CODA_CLASSIC: '1' } };

const LINES = ['Create \t/coda/r.org/f', 'Store \t/coda/r.org/f (length = 6)'];
const TOTAL = '2 entries total in the modify log for volume u.jan';
const listing = [...LINES, TOTAL, ''].join('\n');

/** A venus whose listings are at this name. The tests run as the uid that they say they are, and as root. */
function venusWith(name: string): FakeVenus {
  return new FakeVenus([on(listLocal, ({ action }) => (action === 8 ? name : refuse('EINVAL')))]);
}

const own = getuid?.() ?? -1;
/** The tests' context belongs to uid 1000; files of root are as good as one's own. */
const describeAsRoot = own === 0 || own === 1000 ? describe : describe.skip;

describeAsRoot('cfs listlocal', () => {
  test('prints the file that venus names, and removes it', async () => {
    const name = makeListing(listing);
    const venus = venusWith(name);
    expect(await run(listlocal, ['a'], venus)).toEqual({ stdout: listing, stderr: '', status: 0 });
    expect(existsSync(name)).toBe(false);
    expect(venus.requests.filter(({ opcode }) => opcode === 244)).toMatchObject([
      { path: '/r.org/a', follow: false },
    ]);
  });

  test('prints names as they are, and harmlessly on a terminal', async () => {
    const bytes = Buffer.from(
      'Create \t/coda/r.org/\xff\x1b[2J\n1 entries total in the modify log for volume v\n',
      'latin1',
    );
    const { stdout } = await run(listlocal, ['a'], venusWith(makeListing(bytes)));
    expect(stdout).toBe(bytes.toString('latin1'));
    const shown = await run(listlocal, ['a'], venusWith(makeListing(bytes)), { ends: { out: true } });
    expect(shown.stdout).toContain('Create \t/coda/r.org/\\xff\\x1b[2J\n');
  });

  test('is one line of JSON for each entry', async () => {
    const { stdout } = await run(listlocal, ['a', '--json'], venusWith(makeListing(listing)));
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([
      { op: 'create', path: '/coda/r.org/f' },
      { op: 'store', path: '/coda/r.org/f', length: 6 },
      { volume: 'u.jan', logEntries: 2 },
    ]);
  });

  test.each([
    ['empty', ''],
    ['cut in a line', listing.slice(0, -1)],
    ['cut between two', `${LINES.join('\n')}\n`],
  ])('says that a listing is not complete: %s', async (_, text) => {
    const { stdout, stderr, status } = await run(listlocal, ['a'], venusWith(makeListing(text)));
    expect(stdout).toBe(text);
    expect(stderr).toBe(`${LABEL}: the listing is not complete\n`);
    expect(status).toBe(1);
  });

  test('finds the last line of a log of many pieces', async () => {
    const text = `${LINES.join('\n')}\n`.repeat(50_000) + `${TOTAL.replace('2', '100000')}\n`;
    const { stdout, status } = await run(listlocal, ['a'], venusWith(makeListing(text)));
    expect(stdout === text).toBe(true);
    expect(status).toBe(0);
  });

  test('holds no more of a log than one buffer, which is used again', async () => {
    const name = makeListing(`${LINES.join('\n')}\n`.repeat(50_000) + `${TOTAL}\n`);
    const buffers = new Set<ArrayBufferLike>();
    let pieces = 0;
    class MeasuringTerminal extends RecordingTerminal {
      override outBytes(bytes: Uint8Array): void {
        buffers.add(bytes.buffer);
        pieces += 1;
      }
    }
    const context = contextOn(new MeasuringTerminal(), name);
    await listlocal.run(context, ['a'], { flag: () => false, value: () => undefined, values: () => [] });
    expect([...buffers].map(({ byteLength }) => byteLength)).toEqual([128 * 1024]);
    expect(pieces).toBeGreaterThan(30);
  });

  test('ends where nobody reads any more, and leaves no file', async () => {
    const name = makeListing(listing);
    class ClosedTerminal extends RecordingTerminal {
      override outBytes(): void {
        throw new OutputClosedError();
      }
    }
    const context = contextOn(new ClosedTerminal(), name);
    const running = listlocal.run(context, ['a'], {
      flag: () => false,
      value: () => undefined,
      values: () => [],
    });
    await expect(running).rejects.toThrow(OutputClosedError);
    expect(existsSync(name)).toBe(false);
  });
});

/** A context that writes to a terminal of the test's own. */
function contextOn(terminal: RecordingTerminal, name: string): TestContext {
  class ContextOnTerminal extends TestContext {
    override readonly terminal = terminal;
  }
  return new ContextOnTerminal(venusWith(name));
}

describe('cfs listlocal, where there is no listing', () => {
  test('has the label of the C tool, and its status', async () => {
    const venus = new FakeVenus([on(listLocal, () => refuse('EOPNOTSUPP'))]);
    const stderr = `${LABEL}: Operation not supported\n`;
    expect(await run(listlocal, ['a'], venus)).toEqual({ stdout: '', stderr, status: 1 });
    expect((await run(listlocal, ['a'], venus, CLASSIC)).status).toBe(255);
  });

  test.each([
    ['EAGAIN', () => refuse('EAGAIN')],
    ['no answer', () => Promise.reject(new TimeLimitError('no answer within 5 s'))],
  ])('says that it may be the log of another user, who alone can list it: %s', async (_, answer) => {
    const venus = new FakeVenus([on(listLocal, answer)]);
    const { stderr, status } = await run(listlocal, ['a'], venus, { ends: { err: true } });
    expect(stderr).toContain('another user has unsent changes');
    expect(stderr).toContain('coda doctor a');
    expect(status).toBe(5);
  });

  test('says which file could not be opened, and fails where the C tool does not', async () => {
    const name = listingName();
    const stderr = `Failed to open ${name} for reading\n`;
    expect(await run(listlocal, ['a'], venusWith(name))).toEqual({ stdout: '', stderr, status: 1 });
    expect((await run(listlocal, ['a'], venusWith(name), CLASSIC)).status).toBe(0);
  });

  test('opens nothing else that venus names', async () => {
    const { stdout, stderr, status } = await run(listlocal, ['a'], venusWith('/etc/passwd'), {
      ends: { err: true },
    });
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toContain(`${LABEL}: listlocal reply: not the name of a listing`);
    expect(stderr).not.toContain('passwd');
  });
});
