import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOKEN_KEY_SIZE, openToken, sealToken } from '../../../../src/venus/server/protection/secretToken.ts';
import { i32 } from '../../../support/arbitraries.ts';

const key = randomBytes(TOKEN_KEY_SIZE);
const claim = { viceId: 500, ends: 1_800_000_000 };
const someClaim = fc.record({ viceId: i32, ends: fc.nat({ max: Number.MAX_SAFE_INTEGER }) });

describe('the secret half of a token', () => {
  it('has the 56 bytes that a real one has, and says who it is for and until when', () => {
    fc.assert(
      fc.property(someClaim, (each) => {
        const secret = sealToken(each, key);
        expect(secret).toHaveLength(56);
        expect(openToken(secret, key)).toEqual(each);
      }),
    );
  });

  it('is another one each time', () => {
    expect(Buffer.from(sealToken(claim, key)).equals(sealToken(claim, key))).toBe(false);
  });

  it('is refused when any bit of it is another', () => {
    const secret = sealToken(claim, key);
    for (let bit = 0; bit < secret.length * 8; bit++) {
      const forged = Uint8Array.from(secret, (byte, at) =>
        at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
      );
      expect([bit, openToken(forged, key)]).toEqual([bit, undefined]);
    }
  });

  it('is refused when the key is another in any bit', () => {
    const secret = sealToken(claim, key);
    for (let bit = 0; bit < key.length * 8; bit++) {
      const other = Uint8Array.from(key, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect([bit, openToken(secret, other)]).toEqual([bit, undefined]);
    }
  });

  it.each([0, 1, 24, 32, 55, 57, 112])('is refused when it has %d bytes', (length) => {
    const secret = sealToken(claim, key);
    expect(openToken(Buffer.concat([secret, secret]).subarray(0, length), key)).toBeUndefined();
  });

  it('cannot be put together from two of them', () => {
    const [one, other] = [sealToken(claim, key), sealToken({ ...claim, viceId: 501 }, key)];
    for (const at of [8, 12, 24])
      expect(openToken(Buffer.concat([one.subarray(0, at), other.subarray(at)]), key)).toBeUndefined();
  });

  it('that nobody sealed is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 56, maxLength: 56 }), (bytes) => {
        expect(openToken(bytes, key)).toBeUndefined();
      }),
    );
  });
});
