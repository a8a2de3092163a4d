import { beforeEach, describe, expect, it } from 'vitest';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { bytesOf, outcome, raise, useRealm } from '../../support.ts';

const CAPACITY = 1000;
const TOP = '/test.realm';
const FILE = `${TOP}/file`;
const realm = useRealm();
const open = useClients(realm);
let opened: TestClient | undefined;
const client = () => opened ?? expect.fail('no client');

beforeEach(async () => {
  opened = await open('small', CAPACITY);
  // What it needs to write while it is cut off.
  await client().write(`${TOP}/before`, '');
});

const write = (path: string, length: number) => outcome(client().write(path, 'x'.repeat(length)));
const lengthOf = async (path: string) => (await bytesOf(client().files().read(path))).length;
const used = () => client().manager.files.room().used;

/** In pieces, with something in between that others can use. */
async function* pieces(count: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield new Uint8Array(length);
  }
}

const writePieces = (path: string, contents: AsyncIterable<Uint8Array>) =>
  client().files().write(path, contents, { mode: 0o644, exclusive: false });

describe('a cache that is just large enough for a file', () => {
  it('takes a new version of it: the present one goes', async () => {
    expect(await write(FILE, 800)).toBe('done');
    expect(await write(FILE, 900)).toBe('done');
    expect([await lengthOf(FILE), used()]).toEqual([900, 900]);
  });

  it('takes a new version of an unsent one, which the log needs no more', async () => {
    await client().writeDisconnect();
    for (const length of [800, 900, 850]) {
      expect(await write(FILE, length)).toBe('done');
    }
    expect([await lengthOf(FILE), used()]).toEqual([850, 850]);
    await client().drained();
    expect((await realm().read(FILE)).length).toBe(850);
    expect(used()).toBe(850);
  });

  it('keeps the present version where the new one fails halfway', async () => {
    await client().writeDisconnect();
    await write(FILE, 800);
    const failing = async function* () {
      yield* pieces(3, 100);
      raise('the writer has gone');
    };
    await expect(writePieces(FILE, failing())).rejects.toThrow('the writer has gone');
    expect([await lengthOf(FILE), used()]).toEqual([800, 800]);
  });

  it('does not take a version that is larger than it', async () => {
    await write(FILE, 800);
    expect(await write(FILE, 1001)).toBe('ENOSPC');
    expect(await lengthOf(FILE)).toBe(800);
  });
});

describe('an unsent version that the log still needs', () => {
  beforeEach(async () => {
    await client().writeDisconnect();
    expect(await write(FILE, 800)).toBe('done');
    // Stores are not moved across a change of owner.
    await client().files().setattr(FILE, { owner: 1 });
  });

  it('takes room beside the new one', async () => {
    expect(await write(FILE, 900)).toBe('ENOSPC');
    expect([await lengthOf(FILE), used()]).toEqual([800, 800]);
    expect(await write(FILE, 200)).toBe('done');
    expect([await lengthOf(FILE), used()]).toEqual([200, 1000]);
    expect(await write(`${TOP}/other`, 1)).toBe('ENOSPC');
  });

  it('counts again after a restart, and no more once it is sent', async () => {
    await write(FILE, 200);
    await client().restart();
    expect(used()).toBe(1000);
    await client().drained();
    expect(used()).toBe(200);
    expect(await lengthOf(FILE)).toBe(200);
  });
});

describe('room', () => {
  it('is not given to two writers', async () => {
    await client().writeDisconnect();
    const writing = ['a', 'b'].map((name) => outcome(writePieces(`${TOP}/${name}`, pieces(6, 100))));
    const outcomes = await Promise.all(writing);
    expect(outcomes).toContain('ENOSPC');
    expect(used()).toBe(outcomes.filter((one) => one === 'done').length * 600);
  });

  it('is what others store elsewhere does not take', async () => {
    await write(FILE, 800);
    await realm().write(FILE, 'shorter');
    expect(await lengthOf(FILE)).toBe('shorter'.length);
    expect(used()).toBe('shorter'.length);
    expect(await write(`${TOP}/other`, 900)).toBe('done');
  });
});
