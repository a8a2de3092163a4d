import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { typedLines } from '../support/repairDialogue.ts';
import { type Typing, typeAt } from '../support/typing.ts';
import { type Mode, modes } from './modes.ts';
import { bin } from './support.ts';
import { TOP, TwoClients } from './twoClients.ts';

// Each test starts many processes.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const OBJECT = `/coda${TOP}/cscw`;
const PAPER = 'x'.repeat(19603);
const theirs = { 'cscw/figs': 'directory', 'cscw/figs/one.eps': 'one', 'cscw/paper.tex': 'old' };
/** What a person sees and types; the first prompt has nothing behind it that could be lost. */
const lines = typedLines(OBJECT);
const prompts = lines.map((_, at) => at).slice(1);
let both: TwoClients;

/** A paper written here, and figures that a co-author made meanwhile where they were made here too. */
async function begin({ options }: Mode): Promise<void> {
  both = await TwoClients.start(...options);
  await both.laptop.mkdir('cscw');
  await both.laptop.write('cscw/paper.tex', 'old');
  await both.desk.tree('cscw');
  await both.conflict(
    async (client) => {
      await client.mkdir('cscw/figs');
      await client.write('cscw/paper.tex', PAPER);
    },
    async (client) => {
      await client.mkdir('cscw/figs');
      await client.write('cscw/figs/one.eps', 'one');
    },
  );
}

/** The dialogue up to a prompt that waits for an answer. */
async function typeUpTo(prompt: number): Promise<Typing> {
  const { realm, laptop } = both;
  const env = { ...realm.env, ...laptop.env, NO_COLOR: '1', TERM: 'dumb', SHELL: '/bin/sh' };
  const typing = typeAt([join(bin, 'repair')], env);
  for (const [sees, types] of lines.slice(0, prompt)) await (await typing.sees(sees)).types(`${types}\r`);
  const next = lines[prompt];
  if (next) await typing.sees(next[0]);
  return typing;
}

const typeOf = async (): Promise<string> => (await both.laptop.files.lstat(`${TOP}/cscw`)).type;

/** The object is collapsed, or expanded for somebody to go on with; then it can be left. */
async function expectLeavable({ local, global }: Mode): Promise<void> {
  if ((await typeOf()) === 'directory') {
    expect(await both.laptop.read(`cscw/${local}/paper.tex`)).toBe(PAPER);
    expect(await both.laptop.read(`cscw/${global}/figs/one.eps`)).toBe('one');
    await both.laptop.ok('cfs', ['endrepair', OBJECT]);
  }
  await expectAsBefore();
}

async function expectAsBefore(): Promise<void> {
  expect(await typeOf()).toBe('symlink');
  expect(await both.desk.tree('cscw')).toEqual(theirs);
}

describe.each(modes)('the dialogue that ends at any of its prompts, at $where', (mode) => {
  beforeAll(() => begin(mode));
  afterAll(() => both.end());

  it.each([
    ['^C', '\u0003', 130],
    ['the end of the input', '\u0004', 6],
  ])('by %s, leaves all as it was', async (_, key, status) => {
    for (const prompt of prompts) {
      const typing = await typeUpTo(prompt);
      await typing.types(key);
      // Before anything was begun, the end of the input is no failure.
      const isBegun = prompt > 1;
      expect(await typing.ends(), `prompt ${prompt}`).toMatchObject({
        status: isBegun || status === 130 ? status : 0,
      });
      await expectAsBefore();
    }
  });

  it('by its sudden death, can be gone on with or left', async () => {
    for (const prompt of prompts) {
      const typing = await typeUpTo(prompt);
      typing.kill();
      await typing.ends();
      await expectLeavable(mode);
    }
  });

  it('by the sudden death of venus, can be gone on with or left', async () => {
    for (const prompt of prompts) {
      const typing = await typeUpTo(prompt);
      process.kill(both.realm.pid, 'SIGKILL');
      await typing.types('\u0004');
      const { stdout, status } = await typing.ends();
      const wasExpanded = prompt > 1;
      if (wasExpanded) expect(stdout).toContain(`${OBJECT} could not be collapsed: `);
      expect(status, `prompt ${prompt}`).toBe(wasExpanded ? 1 : 0);
      await both.realm.up('--clients', 'laptop,desk', ...mode.options);
      await expectLeavable(mode);
    }
  });

  it('comes to its end after all that', async () => {
    expect(await (await typeUpTo(lines.length)).ends()).toMatchObject({ status: 0 });
    const expected = { ...theirs, 'cscw/paper.tex': PAPER };
    expect(await both.desk.tree('cscw')).toEqual(expected);
    expect(await both.laptop.tree('cscw')).toEqual(expected);
  });
});
