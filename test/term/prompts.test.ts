import { beforeEach, describe, expect, test, vi } from 'vitest';
import { InterruptedError, askPassword, readStdinLine } from '../../src/term/prompts.ts';

/** stdin and the questions, in the hands of the test. */
const system = vi.hoisted(() => ({
  readSync: vi.fn<(fd: number, into: Uint8Array) => number>(),
  fstatSync: vi.fn<(fd: number) => void>(),
}));
const ask = vi.hoisted(() => vi.fn<(questions: readonly object[]) => Promise<object>>());
const createPromptModule = vi.hoisted(() => vi.fn<(options: object) => typeof ask>());
vi.mock('node:fs', () => system);
vi.mock('inquirer', () => ({ default: { createPromptModule } }));

const failure = (code: string) => Object.assign(new Error(code), { code });

let input: Uint8Array;
let at: number;

function readByte(_fd: number, into: Uint8Array): number {
  const byte = input[at];
  if (byte === undefined) return 0;
  at += 1;
  into[0] = byte;
  return 1;
}

function fail(code: string) {
  return (): never => {
    throw failure(code);
  };
}

beforeEach(() => {
  at = 0;
  system.readSync.mockReset().mockImplementation(readByte);
  system.fstatSync.mockReset();
  createPromptModule.mockReset().mockReturnValue(ask);
  ask.mockReset();
});

describe('a line of stdin', () => {
  const lineOf = (text: string): string => {
    input = Buffer.from(text, 'utf8');
    at = 0;
    return readStdinLine();
  };

  test.each([
    ['up to its newline', 'secret\nmore\n', 'secret'],
    ['without one at the end', 'secret', 'secret'],
    ['empty where it is empty', '\nmore', ''],
    ['empty at the end', '', ''],
    ['with blanks and carriage return, which may belong to a password', ' a b \r\n', ' a b \r'],
    ['in UTF-8', 'pässwörd\n', 'pässwörd'],
    ['of at most 127 bytes', `${'x'.repeat(200)}\n`, 'x'.repeat(127)],
  ])('is read %s', (_, text, line) => {
    expect(lineOf(text)).toBe(line);
  });

  test('is followed by what the next reader gets, even where it is too long', () => {
    expect(lineOf('one\ntwo\n')).toBe('one');
    expect(readStdinLine()).toBe('two');
    expect(readStdinLine()).toBe('');
    expect(lineOf(`${'x'.repeat(500)}\nnext\n`)).toHaveLength(127);
    expect(readStdinLine()).toBe('next');
  });

  test('is waited for where it has not come yet', () => {
    system.readSync.mockImplementationOnce(fail('EAGAIN')).mockImplementationOnce(fail('EAGAIN'));
    expect(lineOf('late\n')).toBe('late');
  });

  test.each(['EOF', 'EBADF'])('is empty where stdin is closed: %s', (code) => {
    system.readSync.mockImplementation(fail(code));
    expect(lineOf('')).toBe('');
  });

  test('is not waited for where stdin is closed meanwhile', () => {
    system.readSync.mockImplementation(fail('EAGAIN'));
    system.fstatSync.mockImplementation(fail('EBADF'));
    expect(() => lineOf('')).toThrow('EAGAIN');
  });

  test('is not taken for empty where it cannot be read', () => {
    system.readSync.mockImplementation(fail('EIO'));
    expect(() => lineOf('')).toThrow('EIO');
  });
});

describe('a password', () => {
  test('is asked for on stderr, without a sign of it', async () => {
    ask.mockResolvedValue({ answer: 'secret' });
    await expect(askPassword('Password:')).resolves.toBe('secret');
    expect(createPromptModule).toHaveBeenCalledWith({ output: process.stderr });
    expect(ask.mock.calls[0]?.[0]).toMatchObject([{ type: 'password', message: 'Password:' }]);
  });

  test('that is not given for ^C is an interruption', async () => {
    ask.mockRejectedValue(Object.assign(new Error('force closed'), { name: 'ExitPromptError' }));
    await expect(askPassword('Password:')).rejects.toThrow(InterruptedError);
  });

  test('that cannot be asked for is another error', async () => {
    ask.mockRejectedValue(new Error('no terminal'));
    await expect(askPassword('Password:')).rejects.toThrow('no terminal');
  });
});
