import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runLookaside } from '../../../../src/venus/client/lookaside/command.ts';
import { Lookaside } from '../../../../src/venus/client/lookaside/lookaside.ts';
import type { Sink } from '../../../../src/venus/client/lookaside/place.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';

const directory = useTemporaryDirectory();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Keeps what is copied into it. */
class Copy implements Sink {
  text = '';

  append(bytes: Uint8Array): Promise<void> {
    this.text += Buffer.from(bytes).toString();
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.text = '';
    return Promise.resolve();
  }
}

let lookaside: Lookaside;
let place: string;

beforeEach(() => {
  lookaside = new Lookaside();
  place = join(directory(), 'place');
  mkdirSync(join(place, 'sub'), { recursive: true });
  writeFileSync(join(place, 'one'), 'contents');
  writeFileSync(join(place, 'sub', 'two'), 'conTents');
  writeFileSync(join(place, 'empty'), '');
  symlinkSync('/etc/passwd', join(place, 'link'));
});

async function copied(text: string, length = text.length): Promise<string | undefined> {
  const copy = new Copy();
  const isHere = await lookaside.copy(length, () => Promise.resolve(sha256(text)), copy);
  return isHere ? copy.text : undefined;
}

describe('a lookaside', () => {
  it('has the contents of files below its places, and of no others', async () => {
    await lookaside.add(place);
    expect(await copied('contents')).toBe('contents');
    expect(await copied('conTents')).toBe('conTents');
    expect(await copied('CONTENTS')).toBeUndefined();
    expect(lookaside.places).toMatchObject([{ path: place, entries: 2, attempts: 3, hits: 2, failures: 0 }]);
  });

  it('does not ask for the digest of what has no length of its files', async () => {
    await lookaside.add(place);
    const asked = () => Promise.reject(new Error('asked'));
    expect(await lookaside.copy(7, asked, new Copy())).toBe(false);
  });

  it('looks at a file anew that has changed since, and believes no name and no time', async () => {
    await lookaside.add(place);
    expect(await copied('contents')).toBe('contents');
    writeFileSync(join(place, 'one'), 'xxxxxxxx');
    expect(await copied('contents')).toBeUndefined();
    expect(await copied('xxxxxxxx')).toBe('xxxxxxxx');
    writeFileSync(join(place, 'one'), 'longer than before');
    expect(await copied('xxxxxxxx')).toBeUndefined();
  });

  it('takes back what it copied of a file that changed meanwhile', async () => {
    const file = join(place, 'large');
    const [before, after] = ['a'.repeat(600_000), 'b'.repeat(600_000)];
    writeFileSync(file, before);
    await lookaside.add(place);
    const copy = new Copy();
    const append = copy.append.bind(copy);
    copy.append = (bytes) => {
      writeFileSync(file, after);
      return append(bytes);
    };
    expect(await lookaside.copy(before.length, () => Promise.resolve(sha256(before)), copy)).toBe(false);
    expect(copy.text).toBe('');
    expect(lookaside.places).toMatchObject([{ attempts: 1, hits: 0, failures: 1 }]);
  });
});

describe('what is said to a lookaside', () => {
  const say = (text: string) => runLookaside(lookaside, text);

  it('adds, lists and removes places, the newest first', async () => {
    const sub = join(place, 'sub');
    expect(await say(` +${place} +${sub}`)).toBe(`${place} added (2 entries)\n${sub} added (1 entries)\n`);
    expect(await say(' --list')).toBe(
      `${sub} (1 entries) [attempts = 0  hits = 0  shafails = 0]\n` +
        `${place} (2 entries) [attempts = 0  hits = 0  shafails = 0]\n`,
    );
    expect(await say(`-${sub}`)).toBe(`${sub} removed\n`);
    expect(await say(' -list')).toBe('list not in lookaside list\n');
    expect(await say(` --clear -gone +${sub}`)).toBe(`All lkdbs removed\n${sub} added (1 entries)\n`);
    expect(lookaside.places).toHaveLength(1);
  });

  it('takes nothing but directories with absolute paths, and says so in the classic words', async () => {
    expect(await say('+relative')).toBe('dbpathname not an absolute path');
    expect(await say('+/no/such')).toBe('dbopen(/no/such) failed');
    const file = join(place, 'one');
    expect(await say(`+${file}`)).toBe(`${file}: malformed lookaside database; can't find descriptor record`);
    expect(lookaside.places).toEqual([]);
  });

  it.each(['', '  ', 'words', '+', '+/a -'])('answers %j with its usage', async (text) => {
    expect(await say(text)).toMatch(/^Usage: cfs lka .*\n {8}cfs lka --list\n\n$/);
  });

  it('answers no more than a reply has room for', async () => {
    for (let at = 0; at < 40; at++) await lookaside.add(place);
    const text = await say('--list');
    expect(Buffer.byteLength(text)).toBeLessThan(2048);
    expect(text).toMatch(/\n\.\.\.\n$/);
  });
});
