import { beforeEach, describe, expect, test, vi } from 'vitest';
import { newPassword } from '../../src/commands/newPassword.ts';
import { FakeVenus, TestContext } from './support.ts';

/** Neither a person nor stdin can be had in a test. */
const prompts = vi.hoisted(() => ({
  askPassword: vi.fn<(message: string) => Promise<string>>(),
  readStdinLine: vi.fn<() => string>(),
}));
vi.mock('../../src/term/prompts.ts', () => prompts);

const person = () => new TestContext(new FakeVenus([]), { ends: { in: true } });
const script = () => new TestContext(new FakeVenus([]));

beforeEach(() => {
  prompts.askPassword.mockReset();
  prompts.readStdinLine.mockReset().mockReturnValue('from stdin');
});

describe('a password for somebody else', () => {
  test('is asked for twice at a terminal', async () => {
    prompts.askPassword.mockResolvedValue('secret');
    await expect(newPassword(person(), 'jan', false)).resolves.toBe('secret');
    expect(prompts.askPassword.mock.calls).toEqual([['New password for jan:'], ['Retype new password:']]);
    expect(prompts.readStdinLine).not.toHaveBeenCalled();
  });

  test('is not taken where the second is another', async () => {
    prompts.askPassword.mockResolvedValueOnce('secret').mockResolvedValueOnce('Secret');
    await expect(newPassword(person(), 'jan', false)).rejects.toMatchObject({
      code: 'password-mismatch',
      message: 'the two passwords differ; nothing was changed',
    });
  });

  test('is a line of stdin in a script, and where a person says so', async () => {
    await expect(newPassword(script(), 'jan', false)).resolves.toBe('from stdin');
    await expect(newPassword(person(), 'jan', true)).resolves.toBe('from stdin');
    expect(prompts.askPassword).not.toHaveBeenCalled();
  });
});
