import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CorruptTokenFileError,
  TokenFileError,
  formatTokenFile,
  readTokenFile,
  writeTokenFile,
} from '../../src/auth/tokenFile.ts';
import type { Token } from '../../src/ipc/clearToken.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();

const example: Token = {
  clear: { authHandle: -1, handshakeKey: new Uint8Array(8).fill(7), viceId: 500, begins: 1, ends: 2 },
  secret: new Uint8Array(56).fill(9),
};
const other: Token = { ...example, clear: { ...example.clear, viceId: 501 } };

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a token file', () => {
  let before: number;
  beforeEach(() => {
    before = process.umask(0);
  });
  afterEach(() => {
    process.umask(before);
  });

  test('is for its owner alone, whatever the umask', () => {
    const file = temporary('a.tok');
    for (const umask of [0, 0o022, 0o777]) {
      process.umask(umask);
      writeTokenFile(file, example);
      expect(modeOf(file)).toBe(0o600);
    }
    expect(readFileSync(file, 'latin1')).toBe(formatTokenFile(example));
  });

  test('replaces the one there was, and does not keep its mode', () => {
    const file = temporary('a.tok');
    writeFileSync(file, 'something long\n'.repeat(100));
    chmodSync(file, 0o644);
    writeTokenFile(file, other);
    expect(modeOf(file)).toBe(0o600);
    expect(readTokenFile(file)).toEqual(other);
    expect(readdirSync(temporary())).toEqual(['a.tok']);
  });

  test('that cannot be written is an error with its name, and leaves nothing behind', () => {
    mkdirSync(temporary('a.tok'));
    for (const file of [temporary('a.tok'), temporary('none', 'a.tok')]) {
      expect(() => writeTokenFile(file, example)).toThrow(TokenFileError);
      expect(() => writeTokenFile(file, example)).toThrow(`Failed to write ${file}.`);
    }
    expect(readdirSync(temporary())).toEqual(['a.tok']);
  });
});

describe('writing to what is no plain file', () => {
  test('through a link leaves the link, and makes or replaces the file behind it', () => {
    writeFileSync(temporary('real'), 'old');
    symlinkSync('real', temporary('link'));
    writeTokenFile(temporary('link'), example);
    expect(lstatSync(temporary('link')).isSymbolicLink()).toBe(true);
    expect(readTokenFile(temporary('real'))).toEqual(example);
    expect(modeOf(temporary('real'))).toBe(0o600);
  });

  test.each(['pipe', 'directory'])('a %s is refused, and stays', (kind) => {
    if (kind === 'pipe') execFileSync('mkfifo', [temporary('there')]);
    else mkdirSync(temporary('there'));
    const before = lstatSync(temporary('there')).ino;
    expect(() => writeTokenFile(temporary('there'), example)).toThrow(TokenFileError);
    expect(lstatSync(temporary('there')).ino).toBe(before);
  });
});

describe('reading', () => {
  test('what is absent or no file is an error with its name and the reason', () => {
    mkdirSync(temporary('dir'));
    const absent = temporary('none');
    const why = `ENOENT: no such file or directory, open '${absent}'`;
    expect(() => readTokenFile(absent)).toThrow(TokenFileError);
    expect(() => readTokenFile(absent)).toThrow(
      expect.objectContaining({ message: `Failed to open ${absent}.`, unlabelled: true, why }),
    );
    expect(() => readTokenFile(temporary('dir'))).toThrow(`Failed to open ${temporary('dir')}.`);
  });

  test('what holds no token is an error of another kind', () => {
    writeFileSync(temporary('a.tok'), Buffer.from([0xff, 0xfe, 0, 0x0a, 0x80]));
    expect(() => readTokenFile(temporary('a.tok'))).toThrow(CorruptTokenFileError);
  });
});
