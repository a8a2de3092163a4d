import { describe, expect, test } from 'vitest';
import type { Options } from '../../src/commands/command.ts';
import { durationOption } from '../../src/commands/durationOption.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';

const given = (text: string | undefined): Options => ({
  flag: () => false,
  value: (name) => (name === 'lifetime' ? text : undefined),
  values: () => [],
});

describe('an option for a duration', () => {
  test('is seconds, or undefined where it is not given', () => {
    expect(durationOption(given('2h'), 'lifetime')).toBe(7200);
    expect(durationOption(given('0'), 'lifetime')).toBe(0);
    expect(durationOption(given(undefined), 'lifetime')).toBeUndefined();
    expect(durationOption(given('2h'), 'timeout')).toBeUndefined();
  });

  test.each(['', 'soon', '-1h', '2 h'])('makes no sense as %j', (text) => {
    expect(() => durationOption(given(text), 'lifetime')).toThrow(UsageError);
    expect(() => durationOption(given(text), 'lifetime')).toThrow(
      `--lifetime: ${text} is not a duration; write 90s, 5m, 2h or 1d`,
    );
  });
});
