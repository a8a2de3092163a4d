import { beforeEach, describe, expect, test } from 'vitest';
import { listacl } from '../../src/commands/cfs/listacl.ts';
import { setacl } from '../../src/commands/cfs/setacl.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';
import { getAcl } from '../../src/ipc/calls/getAcl.ts';
import { setAcl } from '../../src/ipc/calls/setAcl.ts';
import { FakeVenus, on, refuse, run } from './support.ts';

const BEFORE = '2\n1\nSystem:AnyUser\t9\njan\t127\nbad\t1\n';

/** The list of the one directory, as venus answers it. */
let list: string;
/** What was sent to be stored. */
let stored: string[];
/** What happens to a list that is stored. */
let storing: (text: string) => string;
let venus: FakeVenus;

beforeEach(() => {
  list = BEFORE;
  stored = [];
  storing = (text) => text.replace(/ (?=\d+$)/gm, '\t');
  venus = new FakeVenus([
    on(getAcl, (_, path) => (path.includes('x') ? refuse('ENOTDIR') : list)),
    on(setAcl, (text) => {
      stored.push(text);
      list = storing(text);
    }),
  ]);
});

describe('cfs listacl', () => {
  const SHOWN =
    '      System:AnyUser  rl      \n                 jan  rlidwka \n                 bad -r       \n';

  test('shows names to the right and rights to the left, with blanks behind', async () => {
    expect(await run(listacl, ['.'], venus)).toEqual({ stdout: SHOWN, stderr: '', status: 0 });
  });

  test('shows names that are longer than their column whole', async () => {
    list = '1\n0\nSystem:Administrators\t127\n';
    expect((await run(listacl, ['.'], venus)).stdout).toBe('System:Administrators  rlidwka \n');
  });

  test('shows nothing for an empty list', async () => {
    list = '0\n0\n';
    expect((await run(listacl, ['.'], venus)).stdout).toBe('');
  });

  test('names each of several directories, and goes on after one that fails', async () => {
    expect(await run(listacl, ['x', 'b'], venus)).toEqual({
      stdout: `\nb:\n${SHOWN}`,
      stderr: 'x: Not a directory\n',
      status: 1,
    });
  });

  test('is an error where venus answers no list', async () => {
    list = 'garbage';
    expect(await run(listacl, ['.'], venus)).toMatchObject({ stdout: '', status: 1 });
  });

  test('has letters of rights in --json', async () => {
    const { stdout } = await run(listacl, ['--json', '.'], venus);
    expect(JSON.parse(stdout)).toEqual({
      directories: [
        {
          path: '.',
          positive: [
            { name: 'System:AnyUser', rights: 'rl' },
            { name: 'jan', rights: 'rlidwka' },
          ],
          negative: [{ name: 'bad', rights: 'r' }],
        },
      ],
      failures: [],
    });
  });
});

describe('cfs setacl stores', () => {
  test.each([
    ['an entry more', ['.', 'eva', 'rl'], '3\n1\nSystem:AnyUser 9\njan 127\neva 9\nbad 1\n'],
    ['other rights of a name', ['.', 'jan', 'r'], '2\n1\nSystem:AnyUser 9\njan 1\nbad 1\n'],
    ['one entry less', ['.', 'jan', 'none'], '1\n1\nSystem:AnyUser 9\nbad 1\n'],
    ['several at once', ['.', 'jan', 'none', 'eva', 'all'], '2\n1\nSystem:AnyUser 9\neva 127\nbad 1\n'],
    ['other negative rights', ['-negative', '.', 'bad', 'rl'], '2\n1\nSystem:AnyUser 9\njan 127\nbad 9\n'],
    ['no negative rights', ['--negative', '.', 'bad', 'none'], '2\n0\nSystem:AnyUser 9\njan 127\n'],
    ['a list of its own', ['-clear', '.', 'eva', 'rl'], '1\n0\neva 9\n'],
  ])('%s', async (_, words, text) => {
    expect(await run(setacl, words, venus)).toEqual({ stdout: '', stderr: '', status: 0 });
    expect(stored).toEqual([text]);
  });

  test('a list of its own without reading the one there is', async () => {
    await run(setacl, ['-clear', '.', 'eva', 'rl'], venus);
    expect(venus.pathsOf(getAcl)).toEqual([]);
  });

  test('names that begin with a dash, behind the directory', async () => {
    await run(setacl, ['-clear', '.', '-204', 'rl'], venus);
    expect(stored).toEqual(['1\n0\n-204 9\n']);
  });
});

describe('cfs setacl stores nothing', () => {
  test('for rights that do not exist', async () => {
    expect(await run(setacl, ['.', 'jan', 'rl', 'eva', 'rlz'], venus)).toEqual({
      stdout: 'Bogus rights specified: "rlz"\n',
      stderr: '',
      status: 2,
    });
    expect(stored).toEqual([]);
  });

  test('for -clear and -negative together, and asks nothing', async () => {
    expect(await run(setacl, ['-clear', '-negative', '.', 'jan', 'rl'], venus)).toEqual({
      stdout:
        "Sorry, I won't let you specify -clear and -negative together\n" +
        'Such an ACL would not allow access to anyone\n',
      stderr: '',
      status: 2,
    });
    expect(venus.requests).toEqual([]);
  });

  test.each([[[]], [['.']], [['.', 'jan']], [['.', 'jan', 'rl', 'eva']], [['-clear', '.']]])(
    'where names and rights do not pair: %j',
    async (words) => {
      await expect(run(setacl, words, venus)).rejects.toThrow(UsageError);
      expect(venus.requests).toEqual([]);
    },
  );

  test('where the list cannot be read', async () => {
    expect(await run(setacl, ['x', 'jan', 'rl'], venus)).toEqual({
      stdout: '',
      stderr: 'x: Not a directory\n',
      status: 1,
    });
    expect(stored).toEqual([]);
  });

  test('with --dry-run, and shows what would change', async () => {
    expect(await run(setacl, ['--dry-run', '.', 'jan', 'r', 'eva', 'rl'], venus)).toMatchObject({
      stdout: '.:\n  - jan rlidwka\n  + jan r\n  + eva rl\n',
      status: 0,
    });
    expect((await run(setacl, ['--dry-run', '.', 'jan', 'all'], venus)).stdout).toBe('');
    expect(stored).toEqual([]);
  });
});

describe('a list that the server refuses or changes', () => {
  const more = ['-negative', '.', 'worse', 'r'];

  test.each(['ENOENT', 'EINVAL'] as const)('is told of, with a hint at the names: %s', async (name) => {
    storing = () => refuse(name);
    const { stderr, status } = await run(setacl, ['.', 'nobody', 'rl'], venus);
    expect(stderr).toMatch(/^\.: .*\n\*\*\* User unknown by the servers\?\n$/);
    expect(status).toBe(1);
  });

  test('does not show in the status of the C tool, other failures do', async () => {
    const classic = { env: { CODA_CLASSIC: '1' } };
    storing = () => refuse('ENOENT');
    expect(await run(setacl, ['.', 'nobody', 'rl'], venus, classic)).toMatchObject({ status: 0 });
    expect(await run(setacl, ['x', 'jan', 'rl'], venus, classic)).toMatchObject({ status: 255 });
  });

  test('is read again where it has two negative entries, and must be the same', async () => {
    expect(await run(setacl, more, venus)).toMatchObject({ stderr: '', status: 0 });
    expect(venus.pathsOf(getAcl)).toHaveLength(2);

    list = BEFORE;
    storing = () => '2\n2\nSystem:AnyUser\t9\njan\t127\nbad\t1\nworse\t127\n';
    expect(await run(setacl, more, venus)).toMatchObject({
      stderr: '.: the server stored another access list than it was given\n',
      status: 1,
    });
  });
});
