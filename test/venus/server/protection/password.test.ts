import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { storePassword, verifyPassword } from '../../../../src/venus/server/protection/password.ts';

describe('a password', () => {
  it.each(['changeme', '', 'ä€😀', 'two words', 'x'.repeat(200), 'nul\0inside'])(
    'is told from every other: %j',
    async (password) => {
      const stored = await storePassword(password);
      expect(await verifyPassword(password, stored)).toBe(true);
      for (const other of [
        `${password}x`,
        password.slice(0, -1) + '#',
        password.toUpperCase() + ' ',
        'changeMe',
      ])
        expect([other, await verifyPassword(other, stored)]).toEqual([other, false]);
    },
  );

  // In a real realm only the first eight bytes do (spec/auth.md, 1.3).
  it('counts to its end', async () => {
    expect(await verifyPassword('changemeXYZ', await storePassword('changeme'))).toBe(false);
    expect(await verifyPassword('changeme', await storePassword('changemeXYZ'))).toBe(false);
  });

  it('is kept as the scrypt of itself and a salt of its own', async () => {
    const [one, other] = [await storePassword('changeme'), await storePassword('changeme')];
    expect(one).toMatchObject({ cost: 16_384, blockSize: 8, parallelization: 1 });
    expect(one.salt).toHaveLength(16);
    expect(Buffer.from(one.salt).equals(other.salt)).toBe(false);
    expect(Buffer.from(one.hash).equals(other.hash)).toBe(false);
    const hash = scryptSync('changeme', one.salt, 32, { N: 16_384, r: 8, p: 1, maxmem: 2 ** 26 });
    expect(Buffer.from(one.hash).equals(hash)).toBe(true);
  });

  it('is verified by the parameters it was stored with, which later versions may raise', async () => {
    const salt = Buffer.alloc(16, 7);
    const hash = scryptSync('changeme', salt, 32, { N: 32, r: 4, p: 2 });
    const stored = { salt, hash, cost: 32, blockSize: 4, parallelization: 2 };
    expect(await verifyPassword('changeme', stored)).toBe(true);
    expect(await verifyPassword('changeme', { ...stored, cost: 64 })).toBe(false);
  });
});
