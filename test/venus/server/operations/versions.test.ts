import { beforeEach, describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import { ROOT, outcome, rootOf, useRealm } from '../../support.ts';
import { Caller, aclText } from '../caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');
const root = rootOf(ROOT);

/** What there is before each update. The file `twin` has a second name, `other`. */
const present = { dir: root, to: root, file: root, twin: root, link: root };
type Name = keyof typeof present;
const names: readonly Name[] = ['dir', 'to', 'file', 'twin', 'link'];

beforeEach(async () => {
  const dir = await operator().mkdir(root, 'dir');
  const to = await operator().mkdir(root, 'to');
  const file = await operator().create(dir, 'file', 'contents');
  const twin = await operator().create(dir, 'twin', 'contents');
  const link = await operator().symlink(dir, 'link', 'target');
  await operator().link(dir, 'other', twin);
  Object.assign(present, { dir, to, file, twin, link });
});

interface Version {
  readonly name: Name;
  readonly versions: readonly number[];
  readonly storeId: { readonly host: number; readonly unique: number };
  readonly modified: number;
}

/** Of all that is still there. */
async function versions(): Promise<readonly Version[]> {
  const found: Version[] = [];
  for (const name of names) {
    if ((await outcome(operator().status(present[name]))) === 'ENOENT') continue;
    const { modified, versionVector } = await operator().status(present[name]);
    found.push({ name, versions: versionVector.versions, storeId: versionVector.storeId, modified });
  }
  return found;
}

const move = (fromName: string, toDirectory: Fid, toName: string) =>
  operator().rename({ fromDirectory: present.dir, fromName, toDirectory, toName });

describe('an update counts one up what it changes, gives it its store id, and leaves all else alone', () => {
  it.each<readonly [string, () => Promise<unknown>, readonly Name[], readonly Name[]]>([
    ['a new file', () => operator().create(present.dir, 'new', 'x'), ['dir'], []],
    ['a new directory', () => operator().mkdir(present.dir, 'new'), ['dir'], []],
    ['a new symbolic link', () => operator().symlink(present.dir, 'new', 'x'), ['dir'], []],
    ['new contents', () => operator().store(present.file, 'new'), ['file'], []],
    ['a second name', () => operator().link(present.dir, 'new', present.file), ['dir'], ['file']],
    ['removing', () => operator().remove(present.dir, 'file'), ['dir'], []],
    ['removing one of two names', () => operator().remove(present.dir, 'other'), ['dir'], ['twin']],
    ['renaming', () => operator().move(present.dir, 'file', 'new'), ['dir'], ['file']],
    ['moving', () => move('file', present.to, 'new'), ['dir', 'to'], ['file']],
    ['another mode', () => operator().change(present.file, { mode: 0o600 }), [], ['file']],
    ['another owner', () => operator().change(present.file, { owner: 77 }), [], ['file']],
    ['another mode of a directory', () => operator().change(present.dir, { mode: 0o700 }), [], ['dir']],
    ['an access list', () => operator().setAcl(present.dir, aclText([])), [], ['dir']],
  ])('%s', async (_, update, touched, retouched) => {
    const before = await versions();
    realm().clock.advance(60_000);
    const lastHost = realm().storeId().host;
    await update();
    const after = await versions();
    const expected = before
      .filter(({ name }) => after.some((other) => other.name === name))
      .map((was) => {
        if (!touched.includes(was.name) && !retouched.includes(was.name)) return was;
        const [own = 0, ...others] = was.versions;
        return {
          name: was.name,
          versions: [own + 1, ...others],
          storeId: { host: lastHost + 1, unique: 1 },
          // What is only renamed, linked or described anew has the contents it had.
          modified: touched.includes(was.name) ? was.modified + 60_000 : was.modified,
        };
      });
    expect(after).toEqual(expected);
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['a name that is taken', () => operator().create(present.dir, 'file')],
    ['no rights', () => Caller.as(realm()).create(present.dir, 'new')],
    ['a directory that is not empty', () => operator().remove(root, 'dir')],
    ['one of two names elsewhere', () => move('twin', present.to, 'twin')],
    [
      'a directory into itself, after what it replaces was removed',
      () =>
        operator().rename({ fromDirectory: root, fromName: 'dir', toDirectory: present.dir, toName: 'file' }),
    ],
    ['a malformed list', () => operator().setAcl(present.dir, 'malformed')],
  ])('refused for %s, it changes nothing', async (_, update) => {
    const before = await versions();
    realm().clock.advance(60_000);
    expect(await outcome(update())).not.toBe('done');
    expect(await versions()).toEqual(before);
  });

  it('what is new has version 1 and the id of the update that made it', async () => {
    realm().clock.advance(60_000);
    const { host } = realm().storeId();
    const made = [
      await operator().mkdir(root, 'a'),
      await operator().create(root, 'b'),
      await operator().symlink(root, 'c', 'x'),
    ];
    for (const [at, fid] of made.entries()) {
      expect(await operator().status(fid)).toMatchObject({
        modified: realm().clock.now(),
        versionVector: {
          versions: [1, 0, 0, 0, 0, 0, 0, 0],
          storeId: { host: host + 1 + at, unique: 1 },
          flags: 0,
        },
      });
    }
  });
});

describe('a client', () => {
  it('names no two updates alike, however many it makes at once', async () => {
    const paths = Array.from({ length: 20 }, (_, at) => `/test.realm/new${at}`);
    await Promise.all(paths.map((path) => realm().files().mkdir(path, 0o755)));
    const ids = new Set<string>();
    for (const path of paths) {
      const { versionVector } = await operator().lookup(root, path.slice('/test.realm/'.length));
      ids.add(JSON.stringify(versionVector.storeId));
    }
    expect(ids.size).toBe(paths.length);
  });
});

describe('mode, owner and time', () => {
  it.each([
    ['a file', 'file'],
    ['a directory', 'dir'],
    ['a symbolic link', 'link'],
  ] as const)('of %s change apart from each other', async (_, name) => {
    const fid = present[name];
    const { mode, owner, modified } = await operator().status(fid);
    expect(await operator().change(fid, { mode: 0o4711 })).toMatchObject({ mode: 0o4711, owner, modified });
    expect(await operator().change(fid, { owner: 77 })).toMatchObject({ mode: 0o4711, owner: 77, modified });
    expect(await operator().change(fid, { modified: 12.5 })).toMatchObject({ owner: 77, modified: 12.5 });
    expect(await operator().change(fid, { mode, owner, modified })).toMatchObject({ mode, owner, modified });
    expect(await operator().change(fid, {})).toMatchObject({ mode, owner, modified });
  });

  it('take of a mode its permissions alone', async () => {
    expect(await operator().change(present.file, { mode: 0o100644 })).toMatchObject({ mode: 0o644 });
    const made = await operator().create(root, 'new', '', 0o107777);
    expect(await operator().status(made)).toMatchObject({ mode: 0o7777 });
    const directory = await operator().mkdir(root, 'newdir', 0o40711);
    expect(await operator().status(directory)).toMatchObject({ mode: 0o711 });
  });

  it('show an owner by name, or by number if nobody has it', async () => {
    const viceId = await realm().addUser('jan');
    expect(await operator().change(present.file, { owner: viceId })).toMatchObject({ ownerName: 'jan' });
    await realm().realmServer.removeUser({ name: 'jan' });
    expect(await operator().status(present.file)).toMatchObject({ owner: viceId, ownerName: String(viceId) });
  });
});
