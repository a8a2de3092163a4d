import { describe, expect, test } from 'vitest';
import { renewForever, renewalTime } from '../../src/commands/clog/renewal.ts';
import { RefusedError } from '../../src/ipc/errors.ts';
import { FakeVenus, TestContext } from './support.ts';

const tokenUntil = (ends: number) => ({
  clear: { authHandle: -1, handshakeKey: new Uint8Array(8), viceId: 500, begins: 0, ends },
  secret: new Uint8Array(56),
});
const HOUR = 3600;

describe('a token is renewed', () => {
  test.each([
    ['two hours before its end', 25 * HOUR, 23 * HOUR],
    ['after three quarters of a short life', 4 * HOUR, 3 * HOUR],
    ['after a second at the earliest', 1, 1],
    ['at once if it has ended', -5, 1],
  ])('%s', (_, life, expected) => {
    expect(renewalTime(tokenUntil(1000 + life), 1000)).toBe(1000 + expected);
  });
});

describe('a renewal that fails', () => {
  test('with a wrong password is the last', async () => {
    let attempts = 0;
    const context = new TestContext(new FakeVenus([]));
    Object.assign(context.surroundings, { now: Date.now });
    const renew = () => {
      attempts += 1;
      return Promise.reject(new RefusedError('wrong-password', 'wrong password for jan'));
    };
    await expect(renewForever(context, { token: tokenUntil(0), renew })).rejects.toThrow('wrong password');
    expect(attempts).toBe(1);
  });
});
