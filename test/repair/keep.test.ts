import { describe, expect, it } from 'vitest';
import { type Keep, type Kept, KeepError, decideAll } from '../../src/repair/keep.ts';
import { contentsOf } from './memory/nodes.ts';
import { MemoryBackend } from './memory/session.ts';
import { MemoryRealm, put, take } from './memory/state.ts';
import { CLOCK, OBJECT, dialogueRealm } from './support.ts';

const DAY = '1993-12-20';

/** Settles a conflict; resolves with what became of each mutation. */
async function settle(realm: MemoryRealm, keep: Keep): Promise<readonly Kept[]> {
  const session = await new MemoryBackend(realm).begin(realm.state.path);
  const all: Kept[] = [];
  for await (const kept of decideAll(session, keep, 'laptop', { object: OBJECT }, CLOCK)) all.push(kept);
  expect(await session.commit()).toMatchObject({ kind: 'done' });
  expect(realm.isInConflict).toBe(false);
  return all;
}

interface Case {
  readonly kind: string;
  readonly make: () => MemoryRealm;
  readonly mine: Record<string, string>;
  readonly server: Record<string, string>;
  readonly both: Record<string, string>;
}

function realmWith(common: Record<string, string>): MemoryRealm {
  const realm = new MemoryRealm('/usr/luqi/papers/cscw', CLOCK);
  realm.common((root) => {
    for (const [path, text] of Object.entries(common)) {
      const node = text === 'directory' ? realm.node('directory') : realm.node('file', text);
      put(root, path, { ...node, version: 1 });
    }
  });
  return realm;
}

function overwrite(realm: MemoryRealm, path: string, text: string): void {
  realm.others(path, (root) => {
    const node = take(root, path);
    if (node.kind === 'file') put(root, path, { ...node, contents: text, version: node.version + 1 });
  });
}

const cases: readonly Case[] = [
  {
    kind: 'both made a file by one name',
    make: () => {
      const realm = realmWith({});
      realm.locally({ op: 'create', path: 'a.txt' });
      realm.locally({ op: 'store', path: 'a.txt', length: 4, contents: 'mine' });
      realm.others('a.txt', (root) => put(root, 'a.txt', realm.node('file', 'theirs')));
      return realm;
    },
    mine: { 'a.txt': 'mine' },
    server: { 'a.txt': 'theirs' },
    both: { 'a.txt': 'theirs', [`a.laptop.${DAY}.txt`]: 'mine' },
  },
  {
    kind: 'both made a directory by one name, with files in it',
    make: () => {
      const realm = realmWith({});
      realm.locally({ op: 'mkdir', path: 'd' });
      realm.locally({ op: 'create', path: 'd/f' });
      realm.locally({ op: 'store', path: 'd/f', length: 4, contents: 'mine' });
      realm.others('d', (root) => {
        put(root, 'd', realm.node('directory'));
        put(root, 'd/g', realm.node('file', 'theirs'));
      });
      return realm;
    },
    mine: { d: 'directory', 'd/f': 'mine', 'd/g': 'theirs' },
    server: { d: 'directory', 'd/f': 'mine', 'd/g': 'theirs' },
    both: { d: 'directory', 'd/f': 'mine', 'd/g': 'theirs' },
  },
  {
    kind: 'a directory made here, a file by its name there',
    make: () => {
      const realm = realmWith({});
      realm.locally({ op: 'mkdir', path: 'd' });
      realm.locally({ op: 'create', path: 'd/f' });
      realm.locally({ op: 'store', path: 'd/f', length: 4, contents: 'mine' });
      realm.others('d', (root) => put(root, 'd', realm.node('file', 'theirs')));
      return realm;
    },
    mine: { d: 'directory', 'd/f': 'mine' },
    server: { d: 'theirs' },
    both: { d: 'theirs', [`d.laptop.${DAY}`]: 'directory', [`d.laptop.${DAY}/f`]: 'mine' },
  },
  {
    kind: 'the mode changed here, the contents there',
    make: () => {
      const realm = realmWith({ f: 'old' });
      realm.locally({ op: 'chmod', path: 'f', mode: 0o600 });
      overwrite(realm, 'f', 'theirs');
      return realm;
    },
    mine: { f: 'theirs' },
    server: { f: 'theirs' },
    both: { f: 'theirs' },
  },
  {
    kind: 'both changed a file',
    make: () => {
      const realm = realmWith({ 'a.tar.gz': 'old' });
      realm.locally({ op: 'store', path: 'a.tar.gz', length: 4, contents: 'mine' });
      overwrite(realm, 'a.tar.gz', 'theirs');
      return realm;
    },
    mine: { 'a.tar.gz': 'mine' },
    server: { 'a.tar.gz': 'theirs' },
    both: { 'a.tar.gz': 'theirs', [`a.laptop.${DAY}.tar.gz`]: 'mine' },
  },
  {
    kind: 'changed here, removed there with its directory',
    make: () => {
      const realm = realmWith({ d: 'directory', 'd/f': 'old' });
      realm.locally({ op: 'store', path: 'd/f', length: 4, contents: 'mine' });
      realm.others('d', (root) => take(root, 'd'));
      return realm;
    },
    mine: { d: 'directory', 'd/f': 'mine' },
    server: {},
    both: { d: 'directory', 'd/f': 'mine' },
  },
  {
    kind: 'removed here, changed there',
    make: () => {
      const realm = realmWith({ f: 'old' });
      realm.locally({ op: 'remove', path: 'f' });
      overwrite(realm, 'f', 'theirs');
      return realm;
    },
    mine: {},
    server: { f: 'theirs' },
    both: { f: 'theirs' },
  },
  {
    kind: 'renamed to a name that somebody else took',
    make: () => {
      const realm = realmWith({ f: 'mine' });
      realm.locally({ op: 'rename', path: 'f', to: 'g' });
      realm.others('g', (root) => put(root, 'g', realm.node('file', 'theirs')));
      return realm;
    },
    mine: { g: 'mine' },
    server: { f: 'mine', g: 'theirs' },
    both: { g: 'theirs', [`g.laptop.${DAY}`]: 'mine' },
  },
  {
    kind: 'a directory removed here, filled there',
    make: () => {
      const realm = realmWith({ d: 'directory' });
      realm.locally({ op: 'rmdir', path: 'd' });
      realm.others('d/f', (root) => put(root, 'd/f', realm.node('file', 'theirs')));
      return realm;
    },
    mine: {},
    server: { d: 'directory', 'd/f': 'theirs' },
    both: { d: 'directory', 'd/f': 'theirs' },
  },
];

describe.each(cases)('$kind', ({ make, ...results }) => {
  it.each(['mine', 'server', 'both'] as const)('is settled by keeping %s', async (keep) => {
    const realm = make();
    await settle(realm, keep);
    expect(contentsOf(realm.state.server)).toEqual(results[keep]);
  });
});

describe('keeping both', () => {
  const fileRealm = (): MemoryRealm => {
    const realm = realmWith({});
    realm.locally({ op: 'symlink', path: 'a.txt', target: 'mine' });
    realm.locally({ op: 'create', path: 'b' });
    realm.others('a.txt', (root) => put(root, 'a.txt', realm.node('file', 'theirs')));
    return realm;
  };

  it('tells the name under which the local version is kept', async () => {
    const kept = await settle(fileRealm(), 'both');
    expect(kept.map(({ mutation, decision, beside }) => [mutation.op, decision, beside])).toEqual([
      ['symlink', 'preserved', `a.laptop.${DAY}.txt`],
      ['create', 'preserved', undefined],
    ]);
  });

  it('tells no name where directories are merged, or nothing is kept beside', async () => {
    expect((await settle(dialogueRealm(), 'both')).map(({ beside }) => beside)).toEqual([
      undefined,
      undefined,
    ]);
    const removed = realmWith({ f: 'old' });
    removed.locally({ op: 'remove', path: 'f' });
    overwrite(removed, 'f', 'theirs');
    expect(await settle(removed, 'both')).toMatchObject([{ decision: 'discarded', beside: undefined }]);
  });

  it('takes another name where that one is taken', async () => {
    const realm = fileRealm();
    realm.others('x', (root) => put(root, `a.laptop.${DAY}.txt`, realm.node('file', 'in the way')));
    const [kept] = await settle(realm, 'both');
    expect(kept?.beside).toBe(`a.laptop.${DAY}.2.txt`);
  });

  it('of a file that is the object itself puts the local version beside it', async () => {
    const realm = new MemoryRealm('/usr/luqi/paper.tex', CLOCK, undefined, 'file');
    realm.locally({ op: 'store', path: '', length: 4, contents: 'mine' });
    realm.others('', (root) => {
      if (root.kind === 'file') Object.assign(root, { contents: 'theirs', version: 2 });
    });
    await settle(realm, 'both');
    expect(realm.state.server).toMatchObject({ contents: 'theirs' });
    expect(realm.state.siblings.get(`paper.laptop.${DAY}.tex`)).toMatchObject({ contents: 'mine' });
  });
});

describe('what cannot be kept', () => {
  it.each([
    ['denied', { denied: [''] }, 'acl check failure'],
    ['no room', { quota: 10 }, 'exceeds the quota'],
    ['unreachable', { isReachable: false }, 'please re-try'],
  ] as const)('%s is named, with any way to keep', async (_, hindrance, text) => {
    for (const keep of ['mine', 'both'] as const) {
      const realm = dialogueRealm();
      Object.assign(realm.state, hindrance);
      await expect(settle(realm, keep)).rejects.toThrow(KeepError);
      realm.state.session = undefined;
      await expect(settle(realm, keep)).rejects.toThrow(text);
    }
  });
});
