import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TimeLimitError } from '../../src/ipc/errors.ts';
import { monotonicTime, withTimeLimit } from '../../src/ipc/timeLimit.ts';

describe('work with a time limit', () => {
  test('settles as the work does when that is in time', async () => {
    await expect(withTimeLimit(Promise.resolve(7), 1000, () => 'x')).resolves.toBe(7);
    const failure = new Error('of its own');
    await expect(withTimeLimit(Promise.reject(failure), 1000, () => 'x')).rejects.toBe(failure);
  });

  test('is given up when the limit has passed, and says what was waited for', async () => {
    const before = monotonicTime();
    const late = withTimeLimit(sleep(10_000, undefined, { ref: false }), 20, () => 'getacl of /usr');
    await expect(late).rejects.toThrow(TimeLimitError);
    await expect(late).rejects.toThrow('no answer within 0.02 s (waited for getacl of /usr)');
    expect(monotonicTime() - before).toBeLessThan(5000);
  });

  test('may fail afterwards without anybody to hear of it', async () => {
    const work = sleep(30).then(() => Promise.reject(new Error('too late')));
    await expect(withTimeLimit(work, 5, () => 'x')).rejects.toThrow(TimeLimitError);
    await sleep(50);
  });
});
