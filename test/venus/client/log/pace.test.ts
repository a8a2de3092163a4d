import { describe, expect, it } from 'vitest';
import { Pace } from '../../../../src/venus/client/log/pace.ts';
import { takeBatch } from '../../../../src/venus/client/log/batch.ts';
import type { LogRecord } from '../../../../src/venus/client/log/record.ts';

const VOLUME = 7;
const KIB = 1024;

/** A pace at which so many bytes took so long. */
function measured(...rounds: readonly (readonly [bytes: number, milliseconds: number])[]): Pace {
  let time = 0;
  const pace = new Pace(() => time);
  for (const [bytes, milliseconds] of rounds) {
    const end = pace.begin(VOLUME);
    time += milliseconds;
    end(bytes);
  }
  return pace;
}

describe('what may be sent in a time', () => {
  it('is anything before something has been sent, and where there is no limit', () => {
    expect(measured().bytesIn(VOLUME, 1000)).toBe(Infinity);
    expect(measured([100 * KIB, 1000]).bytesIn(VOLUME, 0)).toBe(Infinity);
    expect(measured([100 * KIB, 1000]).bytesIn(VOLUME + 1, 1000)).toBe(Infinity);
  });
  it('is what went in that time before', () => {
    expect(measured([100 * KIB, 1000]).bytesIn(VOLUME, 15_000)).toBe(1500 * KIB);
  });
  it('follows a way that gets slower or faster', () => {
    const pace = measured([100 * KIB, 1000], [100 * KIB, 10_000], [100 * KIB, 10_000]);
    expect(pace.bytesIn(VOLUME, 1000)).toBeGreaterThan(10 * KIB);
    expect(pace.bytesIn(VOLUME, 1000)).toBeLessThan(60 * KIB);
  });
  it('is not told by records alone, whose time is that of a round trip', () => {
    expect(measured([280, 100]).bytesIn(VOLUME, 1000)).toBe(Infinity);
  });
});

describe('a part of a log', () => {
  const stores = (...lengths: readonly number[]) =>
    lengths.map((length, at): LogRecord => {
      const sequence = at + 1;
      const fid = { volume: VOLUME, vnode: 2 * sequence, unique: sequence };
      const common = { time: 0, uid: 1, viceId: 1, path: '' };
      return {
        sequence,
        storeId: { host: 1, unique: sequence },
        ...common,
        mutation: { op: 'store', fid, length },
      };
    });
  const taken = (maxBytes: number, ...lengths: readonly number[]) =>
    takeBatch(stores(...lengths), () => true, maxBytes).length;

  it('is as long as the time that it may take, but one record at least', () => {
    expect(taken(100 * KIB, 60 * KIB, 30 * KIB, 20 * KIB)).toBe(2);
    expect(taken(10 * KIB, 60 * KIB, 30 * KIB)).toBe(1);
    expect(taken(Infinity, 60 * KIB, 30 * KIB, 20 * KIB)).toBe(3);
  });
});
