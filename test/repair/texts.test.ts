import { describe, expect, it } from 'vitest';
import type { LocalMutation } from '../../src/ipc/repairs.ts';
import { obstructions } from '../../src/ipc/repairs.ts';
import { besideName } from '../../src/repair/besideName.ts';
import { explanationOf, listedMutation, mutationText, verdictText } from '../../src/repair/texts.ts';

const shown = { object: '/coda/r.org/d' };
const when = { sequence: 1, time: 0 };
const mutations: readonly (readonly [LocalMutation, listed: string, text: string])[] = [
  [{ ...when, op: 'store', path: 'f', length: 7 }, 'Store   D/local/f (length = 7)', 'store D/local/f'],
  [{ ...when, op: 'create', path: 'f' }, 'Create  D/local/f', 'create D/local/f'],
  [{ ...when, op: 'mkdir', path: 'a/b' }, 'Mkdir   D/local/a/b', 'mkdir D/local/a/b'],
  [
    { ...when, op: 'symlink', path: 's', target: 't' },
    'Symlink D/local/s (--> t)',
    'symlink D/local/s --> t',
  ],
  [
    { ...when, op: 'link', path: 'a/f', to: 'a/g' },
    'Link    D/local/a/f to g',
    'link D/local/a/f to D/local/a/g',
  ],
  [
    { ...when, op: 'rename', path: 'a', to: 'b' },
    'Rename  D/local/a (to: D/local/b)',
    'rename D/local/a -> D/local/b',
  ],
  [{ ...when, op: 'remove', path: 'f' }, 'Remove  D/local/f', 'remove D/local/f'],
  [{ ...when, op: 'rmdir', path: 'f' }, 'Rmdir   D/local/f', 'rmdir D/local/f'],
  [{ ...when, op: 'chmod', path: 'f', mode: 0o640 }, 'Chmod   D/local/f (mode = 640)', 'chmod D/local/f'],
  [{ ...when, op: 'chown', path: 'f', owner: 501 }, 'Chown   D/local/f (owner = 501)', 'chown D/local/f'],
  [{ ...when, op: 'utimes', path: '', modified: 9 }, 'Utime   D/local', 'setattr D/local'],
];

describe('a local mutation', () => {
  it.each(mutations)('%o is listed and named', (mutation, listed, text) => {
    expect(listedMutation(shown, mutation)).toBe(listed.replaceAll('D/', '/coda/r.org/d/'));
    expect(mutationText(shown, 'local', mutation)).toBe(text.replaceAll('D/', '/coda/r.org/d/'));
  });

  it('with a hostile name does nothing to a terminal, and keeps to its line', () => {
    const mutation: LocalMutation = { ...when, op: 'symlink', path: 'a\nb\u001b[2J', target: '\u009b2J' };
    expect(listedMutation(shown, mutation)).toBe('Symlink /coda/r.org/d/local/a\\x0ab\\x1b[2J (--> \\x9b2J)');
  });
});

describe('a verdict', () => {
  it.each([
    ['exists', 'conflict: target P exist on servers'],
    ['missing', 'conflict: target P is missing on servers'],
    ['gone', 'conflict: target P no longer exists on servers'],
    ['updated', 'conflict: target P updated on servers'],
    ['not empty', 'conflict: target P not empty on servers'],
    ['denied', 'conflict: acl check failure on parent P'],
    ['unreachable', 'fetching target P failed, please re-try!'],
  ] as const)('%s keeps the words that people know', (obstruction, text) => {
    expect(verdictText(shown, { kind: 'conflict', obstruction, target: 'f' })).toBe(
      text.replace('P', '/coda/r.org/d/global/f'),
    );
  });

  it('is explained for each obstruction in a sentence of its own', () => {
    const sentences = obstructions.map((obstruction) =>
      explanationOf({ kind: 'conflict', obstruction, target: '' }),
    );
    expect(new Set(sentences).size).toBe(obstructions.length);
    expect(explanationOf({ kind: 'conflict', obstruction: 'exists', target: '', why: 'as venus says' })).toBe(
      'as venus says',
    );
  });
});

describe('the name of a version that is kept beside another', () => {
  const day = new Date(2026, 10, 21, 12).getTime();
  it.each([
    ['paper.tex', 'file', 'paper.laptop.2026-11-21.tex'],
    ['data.tar.gz', 'file', 'data.laptop.2026-11-21.tar.gz'],
    ['.bash_history', 'file', '.bash_history.laptop.2026-11-21'],
    ['README', 'file', 'README.laptop.2026-11-21'],
    ['v1.2', 'file', 'v1.2.laptop.2026-11-21'],
    ['figs.old', 'directory', 'figs.old.laptop.2026-11-21'],
  ] as const)('%s, a %s, becomes %s', (name, type, beside) => {
    expect(besideName(name, type, 'laptop', day, 1)).toBe(beside);
  });

  it('gets a number where it is taken, and fits', () => {
    expect(besideName('a.tex', 'file', 'laptop', day, 3)).toBe('a.laptop.2026-11-21.3.tex');
    const long = besideName(`${'é'.repeat(125)}.tex`, 'file', 'laptop', day, 1);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255);
    expect(long).toMatch(/^é+\.laptop\.2026-11-21\.tex$/);
  });

  it('takes nothing of a host that would leave the directory', () => {
    expect(besideName('a', 'file', '../x y', day, 1)).toBe('a...._x_y.2026-11-21'.replace('....', '...'));
  });
});
