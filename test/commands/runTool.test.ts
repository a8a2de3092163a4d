import { describe, expect, test } from 'vitest';
import type { Command, Tool } from '../../src/commands/command.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';
import { runTool } from '../../src/commands/runTool.ts';
import { errno } from '../../src/ipc/errno.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import { OutputClosedError } from '../../src/term/terminal.ts';
import { type Ends, RecordingTerminal } from '../support/recordingTerminal.ts';
import { surroundingsOf } from './support.ts';

/** Says by which name it was called, and with what. */
function telling(name: string, more: Partial<Command> = {}): Command {
  return {
    usage: `tool ${name} <word>`,
    summary: `does ${name}`,
    options: [{ flags: '--loud', summary: 'louder' }],
    words: { min: 1, max: 2 },
    run: (context, words, options) => {
      const { timeLimit, json } = context;
      context.print(`${name} ${JSON.stringify({ words, loud: options.flag('loud'), timeLimit, json })}\n`);
      return Promise.resolve();
    },
    ...more,
  };
}

function failing(error: unknown): Command {
  return {
    usage: 'tool fail',
    summary: 'fails',
    run: () => {
      throw error;
    },
  };
}

function toolOf(more: Partial<Tool> = {}): Tool {
  const entry = (name: string, ...short: readonly string[]) => ({
    names: [name, ...short],
    load: () => Promise.resolve(telling(name)),
  });
  const commands = [entry('list', 'l'), entry('user'), entry('user add'), entry('user add many')];
  return { name: 'tool', summary: 'does things', usageOn: 'stderr', commands, ...more };
}

const single = (command: Command, more: Partial<Tool> = {}): Tool =>
  toolOf({ commands: () => Promise.resolve(command), ...more });

async function type(tool: Tool, words: readonly string[], env: Record<string, string> = {}, ends: Ends = {}) {
  const terminal = new RecordingTerminal(ends);
  const status = await runTool(tool, words, surroundingsOf(terminal, { env }));
  return { status, stdout: terminal.stdout, stderr: terminal.stderr };
}

const defaults = { words: ['a'], loud: false, timeLimit: 60_000, json: false };
const told = (name: string, more: Partial<typeof defaults> = {}) => ({
  status: 0,
  stdout: `${name} ${JSON.stringify({ ...defaults, ...more })}\n`,
  stderr: '',
});

describe('a command is found', () => {
  test.each([
    { typed: 'list a', name: 'list' },
    { typed: 'l a', name: 'list' },
    { typed: 'user a', name: 'user' },
    { typed: 'user add a', name: 'user add' },
    { typed: 'user add many a', name: 'user add many' },
  ])('by its name, its short name, or the longest that fits: $typed', async ({ typed, name }) => {
    expect(await type(toolOf(), typed.split(' '))).toEqual(told(name));
  });

  test.each([
    { typed: '--json --timeout 5s l a' },
    { typed: '-json l -timeout=5 a' },
    { typed: '--venus unix:/x/y.sock l --json a --timeout=5000ms' },
    { typed: '-venus=unix:/x/y.sock -timeout 5 -json l a' },
  ])('behind common options, which may stand anywhere: $typed', async ({ typed }) => {
    expect(await type(toolOf(), typed.split(' '))).toEqual(told('list', { timeLimit: 5000, json: true }));
  });

  test('with a time limit that is longer than any timer can be', async () => {
    expect(await type(toolOf(), ['l', 'a', '--timeout', '60d'])).toEqual(
      told('list', { timeLimit: 2 ** 31 - 1 }),
    );
  });

  test('where the tool is a command itself, whatever the words', async () => {
    expect(await type(single(telling('all')), ['list', '--loud'])).toEqual(
      told('all', { words: ['list'], loud: true }),
    );
  });

  test('in no other spelling', async () => {
    for (const word of ['lis', 'LIST', 'lists', '']) {
      expect(await type(toolOf(), [word, 'a'])).toEqual({
        status: 2,
        stdout: '',
        stderr: `tool: no command ${word}. Try: tool --help\n`,
      });
    }
  });
});

describe('without a command', () => {
  test('a tool says how to get help, or what the classic tool says', async () => {
    expect(await type(toolOf(), [])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'tool: no command. Try: tool --help\n',
    });
    const classic = toolOf({ unknownCommand: 'Bogus\n' });
    expect(await type(classic, [])).toEqual({ status: 2, stdout: 'Bogus\n', stderr: '' });
    expect(await type(classic, [], { CODA_CLASSIC: '1' })).toMatchObject({ status: 255 });
  });

  test('a tool lists its commands, with --help or -h', async () => {
    const help = [
      'tool: does things',
      '',
      'Commands:',
      '  list, l        does list',
      '  user           does user',
      '  user add       does user add',
      '  user add many  does user add many',
      '',
      'tool COMMAND --help explains one of them; tool(1) all.',
      '',
    ].join('\n');
    expect(await type(toolOf(), ['--help'])).toEqual({ status: 0, stdout: help, stderr: '' });
    expect(await type(toolOf(), ['-h'])).toEqual({ status: 0, stdout: help, stderr: '' });
  });
});

describe('words that make no sense', () => {
  const USAGE = 'Usage: tool list <word>\n';

  test.each([
    ['too few', [], 'something is missing'],
    ['too many', ['a', 'b', 'c'], 'too many words'],
    ['an option that does not exist', ['a', '--x'], "unknown option '--x'"],
    [
      'a time limit that is none',
      ['a', '--timeout=soon'],
      '--timeout: soon is not a duration; write 90s, 5m, 2h or 1d',
    ],
    ['no time at all', ['a', '--timeout=0'], '--timeout: nothing can be done in no time'],
  ])('get the reason and the usage: %s', async (_, words, reason) => {
    expect(await type(toolOf(), ['list', ...words])).toEqual({
      status: 2,
      stdout: '',
      stderr: `tool: ${reason}\n${USAGE}`,
    });
  });

  test('get the usage alone on stdout where scripts expect it, and a person the reason', async () => {
    const tool = toolOf({ usageOn: 'stdout' });
    expect(await type(tool, ['list'])).toEqual({ status: 2, stdout: USAGE, stderr: '' });
    expect(await type(tool, ['list'], {}, { err: true })).toEqual({
      status: 2,
      stdout: USAGE,
      stderr: 'tool: something is missing\n',
    });
  });

  test('have the statuses of the C tools with CODA_CLASSIC=1', async () => {
    const classic = { CODA_CLASSIC: '1' };
    expect(await type(toolOf({ usageOn: 'stdout' }), ['list'], classic)).toMatchObject({ status: 255 });
    expect(await type(toolOf(), ['list'], classic)).toMatchObject({ status: 1 });
    expect(await type(toolOf(), ['list'], { CODA_CLASSIC: '0' })).toMatchObject({ status: 2 });
  });

  test('may be found by the command itself', async () => {
    expect(await type(single(failing(new UsageError('no'))), [])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'tool: no\nUsage: tool fail\n',
    });
  });
});

describe('a failure that a command does not report itself', () => {
  const denied = new VenusError(errno('EPERM'));

  test('is reported with the name of the tool', async () => {
    expect(await type(single(failing(denied)), [])).toEqual({
      status: 7,
      stdout: '',
      stderr: 'tool: Operation not permitted\n',
    });
  });

  test('is in the document of --json, too', async () => {
    const { status, stdout } = await type(single(failing(denied)), ['--json']);
    expect(status).toBe(7);
    expect(JSON.parse(stdout)).toEqual({
      failures: [{ path: 'tool', errno: 1, message: 'Operation not permitted' }],
    });
  });

  test('has the status of the C tool with CODA_CLASSIC=1', async () => {
    const classic = { CODA_CLASSIC: '1' };
    expect(await type(single(failing(denied)), [], classic)).toMatchObject({ status: 255 });
    const one = { ...failing(denied), classicFailure: 1 };
    expect(await type(single(one), [], classic)).toMatchObject({ status: 1 });
  });

  test('is no failure where nobody reads the output any more', async () => {
    expect(await type(single(failing(new OutputClosedError())), [])).toEqual({
      status: 141,
      stdout: '',
      stderr: '',
    });
  });
});

describe('every tool', () => {
  test('tells its version', async () => {
    const { stdout } = await type(toolOf(), ['--version']);
    expect(stdout).toMatch(/^tool \(coda-toolkit\) \d+\.\d+\.\d+\n$/);
  });

  test('explains a command with --help, common options included, and runs nothing', async () => {
    const { status, stdout } = await type(toolOf(), ['list', '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: tool list <word>\n\ndoes list\n/);
    for (const option of ['--loud', '--venus <address>', '--timeout <duration>', '--json']) {
      expect(stdout).toContain(option);
    }
  });
});
