import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inFlight } from '../../src/commands/inFlight.ts';
import { TestRealm } from './support.ts';

const classic = { env: { CODA_CLASSIC: '1' } };

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan');
  await realm.ok('coda', ['realm', 'volume', 'create', 'vol']);
});
afterAll(() => realm.end());

describe('CODA_CLASSIC=1 gives the exit statuses of the C tools', () => {
  it.each([
    { tool: 'cfs', words: [], status: 255 },
    { tool: 'cfs', words: ['listv', 'x'], status: 255 },
    { tool: 'cfs', words: ['la'], status: 255 },
    { tool: 'cfs', words: ['la', 'nosuch'], status: 0 },
    { tool: 'cfs', words: ['lv', 'nosuch'], status: 0 },
    { tool: 'cfs', words: ['gf', '/tmp'], status: 0 },
    { tool: 'cfs', words: ['gp', 'foo'], status: 0 },
    { tool: 'cfs', words: ['gmt', '7f0000ff@test.realm'], status: 255 },
    { tool: 'cfs', words: ['mkm', 'x', 'vol'], status: 255 },
    { tool: 'cfs', words: ['rmm', 'nosuch'], status: 0 },
    { tool: 'cfs', words: ['lsmount', 'nosuch'], status: 0 },
    { tool: 'cfs', words: ['sa', 'nosuch', 'jan', 'rl'], status: 255 },
    { tool: 'cfs', words: ['sa', '.', 'jan', 'rlz'], status: 255 },
    { tool: 'cfs', words: ['sa', '.', 'jan', 'rl'], status: 0 },
    { tool: 'cfs', words: ['sq', '.', '10'], status: 0 },
    { tool: 'ctokens', words: ['@test.realm'], status: 1 },
    { tool: 'ctokens', words: [], status: 0 },
    { tool: 'cunlog', words: ['@test.realm'], status: 0 },
    { tool: 'clog', words: ['nobody@test.realm'], status: 1 },
  ])('$tool $words: $status', async ({ tool, words, status }) => {
    expect(await realm.run(tool, words, classic)).toMatchObject({ status });
  });
});

describe('cfs help', () => {
  it('lists every command in the classic columns', async () => {
    const text = await realm.ok('cfs', ['help']);
    expect(text).toMatch(/^\n {5}beginrepair {3}br {2}show an object .*\n[^]*\n\n$/);
    expect(text).toContain('         getpfid       show the fid of the directory');
    expect(text).toContain('         cpuname  @cpu  show what @cpu');
  });

  it('shows how one is used, by its name or its abbreviation', async () => {
    const usage = 'Usage: cfs listvol [-local] <dir> [<dir> <dir> ...]\n';
    expect(await realm.ok('cfs', ['help', 'listvol'])).toBe(usage);
    expect(await realm.ok('cfs', ['help', 'lv'])).toBe(usage);
    expect(await realm.ok('cfs', ['help', 'nosuch'])).toBe('Bogus opcode: type "cfs help" for list\n');
  });

  it('is explained further by --help of each command', async () => {
    const names = [...(await realm.ok('cfs', ['help'])).matchAll(/^ +(\w+) /gm)].map(
      ([, name]) => name ?? '',
    );
    expect(names.length).toBeGreaterThan(15);
    for await (const { ok, item } of inFlight(names, 8, async (name) => {
      const text = await realm.ok('cfs', [name, '--help']);
      expect(text).toContain('Usage: cfs ');
      expect(text).toContain('--timeout <duration>');
    })) {
      expect({ item, ok }).toEqual({ item, ok: true });
    }
  });
});

describe('every tool', () => {
  it.each(['cfs', 'clog', 'ctokens', 'cunlog', 'cpasswd', 'coda', 'repair'])(
    '%s tells its version and its options',
    async (tool) => {
      expect(await realm.ok(tool, ['--version'])).toMatch(
        new RegExp(`^${tool} \\(coda-toolkit\\) \\d+\\.\\d+\\.\\d+\n$`),
      );
      expect(await realm.ok(tool, ['--help'])).toContain(tool);
    },
  );

  it('takes common options before and after the command, with one dash or two', async () => {
    const wanted: unknown = JSON.parse(await realm.ok('cfs', ['getfid', '.', '--json']));
    for (const words of [
      ['--json', 'getfid', '.'],
      ['-json', 'gf', '.'],
      ['--timeout', '5s', 'gf', '-json', '.'],
      ['gf', '-timeout=5s', '--venus', `unix:${realm.socket}`, '--json', '.'],
    ]) {
      expect(JSON.parse(await realm.ok('cfs', words))).toEqual(wanted);
    }
  });

  it('refuses a time limit that is none', async () => {
    for (const limit of ['0', '-1', 'soon']) {
      expect(await realm.run('cfs', ['gf', `--timeout=${limit}`, '.'])).toMatchObject({ status: 2 });
    }
  });
});
