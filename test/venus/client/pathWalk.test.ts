import { Changes } from '../../../src/venus/client/changes.ts';
import { describe, expect, it } from 'vitest';
import { cpuName, systemName } from '../../../src/ipc/machine.ts';
import { walk, walkToParent } from '../../../src/venus/client/pathWalk.ts';
import { ROOT, outcome, raise, rootOf, useRealm } from '../support.ts';

const realm = useRealm();
const TOP = '/test.realm';

/** Where a path leads: the path without links, and what is there; or the errno. */
async function walked(path: string, follow = true): Promise<string> {
  let found = '';
  const end = await outcome(
    walk(realm().session(), path, follow).then((place) => {
      found = place.kind !== 'object' ? place.kind : `${place.status.type} ${place.path}`;
    }),
  );
  return end === 'done' ? found : end;
}

const files = () => realm().files();
const mkdir = (...names: readonly string[]) =>
  names.reduce(
    (before, name) => before.then(() => files().mkdir(`${TOP}/${name}`, 0o755)),
    Promise.resolve(),
  );
const link = (name: string, target: string) => files().symlink(`${TOP}/${name}`, target);
const mount = (name: string, contents: string, directory = rootOf(ROOT)) =>
  new Changes(realm().session()).makeSymlink({ directory, name, target: contents, mode: 0o644 });

describe('a walk', () => {
  it('starts at the Coda root, which has the realm in it and nothing else', async () => {
    expect(await walked('')).toBe('root');
    expect(await walked('/')).toBe('root');
    expect(await walked('/test.realm')).toBe('directory /test.realm');
    expect(await walked('test.realm')).toBe('directory /test.realm');
    expect(await walked('/other.realm')).toBe('ENOENT');
    expect(await walked('/test.real')).toBe('ENOENT');
  });

  it('takes slashes at the start, at the end and repeated for nothing', async () => {
    await mkdir('dir', 'dir/sub');
    await realm().write(`${TOP}/dir/file`, 'contents');
    for (const path of ['/test.realm/dir/sub', '//test.realm///dir//sub', '/test.realm/dir/sub///'])
      expect(await walked(path)).toBe('directory /test.realm/dir/sub');
    expect(await walked('///')).toBe('root');
    expect(await walked(`${TOP}/dir/file/`)).toBe('file /test.realm/dir/file');
  });

  it('stays for a dot and goes up for two', async () => {
    await mkdir('dir', 'dir/sub');
    expect(await walked(`${TOP}/./dir/./sub/.`)).toBe('directory /test.realm/dir/sub');
    expect(await walked(`${TOP}/dir/../dir/sub/..`)).toBe('directory /test.realm/dir');
    expect(await walked(`${TOP}/..`)).toBe('root');
    expect(await walked(`${TOP}/dir/../../test.realm`)).toBe('directory /test.realm');
  });

  it('does not go up from the Coda root', async () => {
    expect(await walked('..')).toBe('ENOENT');
    expect(await walked(`${TOP}/../..`)).toBe('ENOENT');
  });

  it('goes through directories only', async () => {
    await realm().write(`${TOP}/file`, 'contents');
    for (const rest of ['x', '.', '..', './']) expect(await walked(`${TOP}/file/${rest}`)).toBe('ENOTDIR');
    expect(await walked(`${TOP}/missing/x`)).toBe('ENOENT');
    expect(await walked(`${TOP}/missing/..`)).toBe('ENOENT');
  });

  it('takes names of up to 255 bytes', async () => {
    const name = 'ü'.repeat(127);
    await mkdir(`${name}x`);
    expect(await walked(`${TOP}/${name}x`)).toBe(`directory ${TOP}/${name}x`);
    expect(await walked(`${TOP}/${name}xx`)).toBe('ENAMETOOLONG');
    expect(await walked(`${TOP}/${name}xx/..`)).toBe('ENAMETOOLONG');
  });

  it('keeps every byte of a name', async () => {
    await mkdir('caf\udce9', 'line\nbreak');
    expect(await walked(`${TOP}/caf\udce9`)).toBe(`directory ${TOP}/caf\udce9`);
    expect(await walked(`${TOP}/line\nbreak`)).toBe(`directory ${TOP}/line\nbreak`);
    expect(await walked(`${TOP}/caf\udcea`)).toBe('ENOENT');
  });

  it('reads @sys and @cpu at the end of a name as what this machine is', async () => {
    await mkdir(systemName(), `bin.${cpuName()}`);
    expect(await walked(`${TOP}/@sys`)).toBe(`directory ${TOP}/${systemName()}`);
    expect(await walked(`${TOP}/bin.@cpu/..`)).toBe(`directory ${TOP}`);
    expect(await walked(`${TOP}/@sys.old`)).toBe('ENOENT');
  });

  it('needs the right to look up in each directory on the way, but not in the last', async () => {
    await mkdir('open', 'open/closed', 'open/closed/inner');
    await realm()
      .session()
      .setAcl({ fid: await fidOf(`${TOP}/open/closed`), text: '0\n0\n' });
    const asNobody = (path: string) => outcome(walk(realm().session(7), path, true));
    expect(await asNobody(`${TOP}/open/closed`)).toBe('done');
    expect(await asNobody(`${TOP}/open/closed/inner`)).toBe('EACCES');
    expect(await asNobody(`${TOP}/open/closed/missing`)).toBe('EACCES');
  });
});

describe('links', () => {
  it('are followed in the middle always, at the end if asked', async () => {
    await mkdir('dir', 'dir/sub');
    await link('link', 'dir');
    expect(await walked(`${TOP}/link/sub`, false)).toBe('directory /test.realm/dir/sub');
    expect(await walked(`${TOP}/link`, true)).toBe('directory /test.realm/dir');
    expect(await walked(`${TOP}/link`, false)).toBe('symlink /test.realm/link');
    expect(await walked(`${TOP}/link/`, false)).toBe('symlink /test.realm/link');
    expect(await walked(`${TOP}/link/.`, false)).toBe('directory /test.realm/dir');
  });

  it('start at their directory, or at /coda', async () => {
    await mkdir('dir', 'dir/sub', 'other');
    await link('dir/up', '../other');
    await link('dir/absolute', '/coda/test.realm/other');
    await link('dir/root', '/coda');
    expect(await walked(`${TOP}/dir/up`)).toBe('directory /test.realm/other');
    expect(await walked(`${TOP}/dir/absolute/../dir`)).toBe('directory /test.realm/dir');
    expect(await walked(`${TOP}/dir/root`)).toBe('root');
    expect(await walked(`${TOP}/dir/root/test.realm/other`)).toBe('directory /test.realm/other');
  });

  it('that lead out of Coda lead nowhere', async () => {
    await link('etc', '/etc');
    await link('near', '/codafoo');
    await link('above', '../../x');
    for (const name of ['etc', 'near', 'above']) expect(await walked(`${TOP}/${name}`)).toBe('ENOENT');
    expect(await walked(`${TOP}/etc`, false)).toBe('symlink /test.realm/etc');
  });

  it('that dangle are there when they are not followed', async () => {
    await link('dangling', 'missing');
    expect(await walked(`${TOP}/dangling`, true)).toBe('ENOENT');
    expect(await walked(`${TOP}/dangling`, false)).toBe('symlink /test.realm/dangling');
    expect(await walked(`${TOP}/dangling/x`, false)).toBe('ENOENT');
  });

  it('are followed ten times and no more', async () => {
    await mkdir('end');
    await link('link0', 'end');
    for (let at = 1; at <= 10; at++) await link(`link${at}`, `link${at - 1}`);
    expect(await walked(`${TOP}/link9`)).toBe('directory /test.realm/end');
    expect(await walked(`${TOP}/link10`)).toBe('ELOOP');
    expect(await walked(`${TOP}/link4/../link4`)).toBe('directory /test.realm/end');
    expect(await walked(`${TOP}/link5/../link4`)).toBe('ELOOP');
  });

  it('that lead to themselves end in ELOOP', async () => {
    await link('self', 'self');
    await link('one', 'two');
    await link('two', './one/x');
    expect([await walked(`${TOP}/self`), await walked(`${TOP}/one`)]).toEqual(['ELOOP', 'ELOOP']);
  });
});

describe('mount points', () => {
  it('are crossed always, up and down', async () => {
    await realm().mountVolume('work');
    await files().mkdir(`${TOP}/work/inner`, 0o755);
    for (const follow of [true, false]) {
      expect(await walked(`${TOP}/work`, follow)).toBe('directory /test.realm/work');
      expect(await walked(`${TOP}/work/inner/../..`, follow)).toBe('directory /test.realm');
    }
  });

  it('lead to the same volume from several places', async () => {
    const id = await realm().mountVolume('work');
    await mkdir('dir');
    await mount('second', '#work@test.realm.', await fidOf(`${TOP}/dir`));
    expect(await fidOf(`${TOP}/work`)).toEqual(rootOf(id));
    expect(await fidOf(`${TOP}/dir/second`)).toEqual(rootOf(id));
  });

  it('without a name lead to the volume named as their path', async () => {
    const { id } = await realm().realmServer.createVolume({ name: 'dir/vol', owner: undefined, maxQuota: 0 });
    await mkdir('dir');
    await mount('vol', '#.', await fidOf(`${TOP}/dir`));
    expect(await fidOf(`${TOP}/dir/vol`)).toEqual(rootOf(id));
  });

  it('of no volume, or of another realm, dangle', async () => {
    await realm().mountVolume('work');
    await mount('nothing', '#missing.');
    await mount('foreign', '#work@other.realm.');
    for (const name of ['nothing', 'foreign']) {
      expect(await walked(`${TOP}/${name}`, false)).toBe(`symlink /test.realm/${name}`);
      expect(await walked(`${TOP}/${name}`, true)).toBe('ENOENT');
    }
  });

  it('of a volume in itself dangle', async () => {
    const id = await realm().mountVolume('work');
    await mount('again', '#work.', rootOf(id));
    await mount('top', '#/.');
    expect(await walked(`${TOP}/work/again`, false)).toBe('symlink /test.realm/work/again');
    expect(await walked(`${TOP}/top/top`, true)).toBe('ENOENT');
  });

  it('of volumes in each other are crossed as often as the path says', async () => {
    const [one, two] = [await realm().mountVolume('one'), await realm().mountVolume('two')];
    await mount('two', '#two.', rootOf(one));
    await mount('one', '#one.', rootOf(two));
    expect(await walked(`${TOP}/one/two/one/two`)).toBe('directory /test.realm/one/two/one/two');
    expect(await fidOf(`${TOP}/one/two/one`)).toEqual(rootOf(one));
  });

  it('are links of mode 0644 that begin with #: no other links are', async () => {
    await realm().mountVolume('work');
    await link('plain', '#work.');
    expect(await walked(`${TOP}/plain`, false)).toBe('symlink /test.realm/plain');
  });
});

describe('a walk to a parent', () => {
  const parentOf = async (path: string) => {
    const { directory, name } = await walkToParent(realm().session(), path);
    return `${directory.path} ${name}`;
  };

  it('ends at the directory and leaves the last name, whether or not it is there', async () => {
    await mkdir('dir');
    await link('link', 'dir');
    expect(await parentOf(`${TOP}/dir/new`)).toBe('/test.realm/dir new');
    expect(await parentOf(`${TOP}/link/new//`)).toBe('/test.realm/dir new');
    expect(await parentOf('/test.realm')).toBe('/ test.realm');
    expect(await parentOf(`${TOP}/dir/@sys`)).toBe(`/test.realm/dir ${systemName()}`);
  });

  it('needs a name', async () => {
    for (const path of ['', '/', '//'])
      expect(await outcome(walkToParent(realm().session(), path))).toBe('EINVAL');
  });
});

async function fidOf(path: string) {
  const place = await walk(realm().session(), path, true);
  return place.kind === 'object' ? place.status.fid : raise(`${path} is the Coda root`);
}
