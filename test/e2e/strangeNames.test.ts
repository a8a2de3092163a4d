import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { nameSchema } from '../../src/ipc/socket/routes.ts';
import { decodeText } from '../../src/ipc/text.ts';
import { typeAt } from '../support/typing.ts';
import { bin } from './support.ts';
import { type Mode, modes } from './modes.ts';
import { TOP, TwoClients } from './twoClients.ts';

// Each test starts many processes.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
let both: TwoClients;
let state: string;

/** Names that a terminal, a shell or JSON takes for something else. */
const allNames = [
  // The log begins with it.
  '\x1b[31m\x1b]0;title\x07red',
  'two words ',
  'line\nbreak',
  `'single' "double"`,
  'back\\slash\\x41',
  '--json',
  '$(date) `id`',
  decodeText(Buffer.from([0x66, 0xff, 0xfe, 0x1b, 0x67])),
  '\u202eright to left',
];

let names: readonly string[];

/** Each is a file that both stored, and below a directory by the same name one that both made. */
async function begin({ options, listsNewlines }: Mode): Promise<void> {
  names = listsNewlines ? allNames : allNames.filter((name) => !name.includes('\n'));
  both = await TwoClients.start(...options);
  state = join(both.realm.directory, 'state');
  const { laptop, desk } = both;
  await laptop.mkdir('d');
  for (const name of names) {
    await laptop.write(`d/${name}`, 'old');
    await laptop.mkdir(`d/dir ${name}`);
  }
  await desk.tree('d');
  await both.conflict(
    async (client) => {
      for (const name of names) {
        await client.write(`d/${name}`, 'mine');
        await client.write(`d/dir ${name}/${name}`, 'mine');
      }
    },
    async (client) => {
      for (const name of names) {
        await client.write(`d/${name}`, 'their version');
        await client.write(`d/dir ${name}/${name}`, 'their version');
      }
    },
  );
}

const conflictsSchema = v.object({ conflicts: v.array(v.object({ path: nameSchema })) });

/** Runs a tool on a terminal. @returns what it printed, without the line ends */
async function onTerminal(words: readonly string[], typed: readonly (readonly [string, string])[] = []) {
  const { realm, laptop } = both;
  const env = { ...realm.env, ...laptop.env, NO_COLOR: '1', TERM: 'dumb', SHELL: '/bin/sh' };
  const [tool = '', ...rest] = words;
  const typing = typeAt([join(bin, tool), ...rest], env);
  for (const [sees, types] of typed) await (await typing.sees(sees)).types(`${types}\r`);
  return typing.ends();
}

/** Nothing but text and line ends. */
function expectHarmless(output: string): void {
  expect(output.replace(/[\n\t]/g, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\ufffd]/);
}

describe.each(modes)('names that are more than letters, at $where', (mode) => {
  beforeAll(() => begin(mode));
  afterAll(() => both.end());

  it('are told as they are in JSON', async () => {
    const stdout = await both.laptop.ok('coda', ['conflicts', '--json']);
    const { conflicts } = v.parse(conflictsSchema, JSON.parse(stdout));
    const expected = names.flatMap((name) => [`/coda${TOP}/d/${name}`, `/coda${TOP}/d/dir ${name}`]);
    expect(conflicts.map(({ path }) => path).sort()).toEqual(expected.sort());
  });

  it('do nothing to a terminal', async () => {
    for (const words of [
      ['coda', 'conflicts'],
      ['coda', 'doctor'],
      ['coda', 'resolve', '--all', '--keep', 'mine', '--dry-run'],
      ['repair', mode.settlesTogether ? `/coda${TOP}/d` : `/coda${TOP}/d/${names[0] ?? ''}`, '--list'],
    ]) {
      const { stdout } = await onTerminal(words);
      expect(stdout).toContain(words[1] === 'doctor' ? 'conflict' : '\\x1b[31m');
      if (words[1] === 'conflicts') expect(stdout).toContain(`repair '/coda${TOP}/d/$(date) \`id\`'\n`);
      expectHarmless(stdout);
    }
  });

  it('can be repaired in the dialogue, named as they are shown', async () => {
    const { stdout } = await onTerminal(
      ['repair'],
      [
        ['* ', `begin "/coda${TOP}/d/\\x1b[31m\\x1b]0;title\\x07red"`],
        ['* ', 'listlocal'],
        ['* ', 'checklocal'],
        ['* ', 'show'],
        ['* ', 'quit'],
        ['[yes] ', 'no'],
      ],
    );
    expect(stdout).toContain('a local-global-conflict repair session started');
    expect(stdout).toMatch(/^Store .*\\x1b\[31m/m);
    expectHarmless(stdout);
  });

  it('are kept on both sides, and below what is replaced', async () => {
    const { laptop, desk } = both;
    const [first = ''] = names;
    const before = await desk.tree('d');
    expect(
      await laptop.ok('coda', ['resolve', `/coda${TOP}/d/${first}`, '--keep', 'mine'], {
        env: { XDG_STATE_HOME: state },
      }),
    ).toContain('kept mine');
    const [run = ''] = readdirSync(join(state, 'coda', 'replaced'));
    expect(readdirSync(join(state, 'coda', 'replaced', run))).toEqual([first]);
    const { stdout, status } = await onTerminal(['coda', 'resolve', '--all', '--keep', 'both']);
    expect(status).toBe(0);
    expectHarmless(stdout);
    const tree = await laptop.tree('d');
    expect(await desk.tree('d')).toEqual(tree);
    expect(tree).toMatchObject({ ...before, [`d/${first}`]: 'mine' });
    const mine = Object.entries(tree).filter(([, contents]) => contents === 'mine');
    expect(mine).toHaveLength(2 * names.length);
  });

  it('are the names of what is saved', async () => {
    const { laptop } = both;
    await both.conflict(
      async (client) => {
        for (const name of names) await client.write(`d/${name}`, 'mine again');
      },
      async (client) => {
        for (const name of names) await client.write(`d/${name}`, `theirs ${name.length}`);
      },
    );
    const env = { XDG_STATE_HOME: `${state} 2` };
    await laptop.ok('coda', ['resolve', '--all', '--keep', 'mine', '--json'], { env });
    const runs = readdirSync(join(`${state} 2`, 'coda', 'replaced'));
    expect(runs).toHaveLength(mode.settlesTogether ? 1 : names.length);
    const saved = runs.flatMap((run) =>
      readdirSync(join(`${state} 2`, 'coda', 'replaced', run), { encoding: 'buffer' }),
    );
    expect(saved.map((name) => decodeText(name)).sort()).toEqual([...names].sort());
  });
});
