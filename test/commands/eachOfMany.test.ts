import { describe, expect, test } from 'vitest';
import { echoed, forEachPath } from '../../src/commands/eachPath.ts';
import { forEachFid } from '../../src/commands/eachFid.ts';
import { errno } from '../../src/ipc/errno.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import { formatRealmFid } from '../../src/ipc/fid.ts';
import { FakeVenus, type RunOptions, TestContext } from './support.ts';

function contextOf(options: RunOptions = {}): TestContext {
  return new TestContext(new FakeVenus([]), options);
}

describe('several paths', () => {
  /** Prints each path that has no x in it. */
  async function each(paths: readonly string[], label?: string): Promise<TestContext> {
    const context = contextOf();
    await forEachPath(context, paths, {
      ask: ({ path }) =>
        path.includes('x') ? Promise.reject(new VenusError(errno('ENOENT'))) : Promise.resolve(path),
      print: (typed, path) => context.print(`${typed} is ${path}\n`),
      echo: echoed(context, paths, ': '),
      ...(label === undefined ? {} : { label }),
    });
    return context;
  }

  test('are echoed to the width of the longest, each before its outcome, in order', async () => {
    const context = await each(['a', '/coda/x', 'b']);
    expect(context.recorded.stdout).toBe('        a: a is /r.org/a\n  /coda/x:         b: b is /r.org/b\n');
    expect(context.recorded.stderr).toBe('/coda/x: No such file or directory\n');
    expect(context.exitStatus()).toBe(1);
  });

  test('are no several where there is one', async () => {
    expect((await each(['a'])).recorded.stdout).toBe('a is /r.org/a\n');
  });

  test('outside Coda fail by themselves', async () => {
    const context = await each(['/tmp', '/coda/b']);
    expect(context.recorded.stderr).toBe('/tmp: Bad file descriptor\n');
    expect(context.recorded.stdout).toContain('/coda/b is /b\n');
  });

  test('have the label of the C tool in its errors, and themselves in --json', async () => {
    const context = await each(['x'], 'VIOC_GETFID');
    expect(context.recorded.stderr).toBe('VIOC_GETFID: No such file or directory\n');
    expect(context.failures).toMatchObject([{ path: 'x', errno: 2 }]);
  });

  test('are not echoed in --json', () => {
    const context = contextOf({ json: true });
    echoed(context, ['a', 'b'], ': ')('a');
    expect(context.recorded.stdout).toBe('');
  });
});

describe('several fids', () => {
  const GOOD = '7f000001.3.3@r.org';
  const MALFORMED = 'Malformed fid: should look like %x.%x.%x@<realm>\n';

  async function each(words: readonly string[], options: RunOptions = {}): Promise<TestContext> {
    const context = contextOf(options);
    await forEachFid(context, words, {
      label: 'VIOC_GETPATH',
      ask: (fid) =>
        fid.vnode === 0xbad
          ? Promise.reject(new VenusError(errno('EVOLUME')))
          : Promise.resolve(formatRealmFid(fid)),
      text: (fid) => `\t${fid}\n`,
      json: (fid) => ({ found: fid }),
    });
    return context;
  }

  test('are answered each, whatever becomes of the others', async () => {
    const context = await each([GOOD, 'junk', '1.bad.1@r.org', '0x7f000001.0X3.3@r.org']);
    expect(context.recorded.stdout).toBe(
      `      ${GOOD}  \t${GOOD}\n` +
        `                    junk  ${MALFORMED}` +
        '           1.bad.1@r.org  ' +
        `  0x7f000001.0X3.3@r.org  \t${GOOD}\n`,
    );
    expect(context.recorded.stderr).toBe('VIOC_GETPATH: Unknown error 658\n');
    expect(context.exitStatus()).toBe(1);
  });

  test('that are malformed are an error of usage, which the C tool does not show in its status', async () => {
    for (const word of ['junk', '7f000001.3.3', '1.2@r.org', '1.2.g@r.org', `1.2.3@${'r'.repeat(65)}`]) {
      const context = await each([word]);
      expect(context.recorded.stdout).toBe(MALFORMED);
      expect(context.exitStatus()).toBe(2);
      expect((await each([word], { env: { CODA_CLASSIC: '1' } })).exitStatus()).toBe(0);
    }
  });

  test('are in one document of --json, with those that failed', async () => {
    const { recorded } = await each(['junk', GOOD], { json: true });
    expect(JSON.parse(recorded.stdout)).toEqual({
      objects: [{ fid: GOOD, found: GOOD }],
      failures: [{ path: 'junk', message: MALFORMED.trimEnd() }],
    });
  });
});
