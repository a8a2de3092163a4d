import { Changes } from '../../../src/venus/client/changes.ts';
import { describe, expect, it } from 'vitest';
import type { Fid } from '../../../src/ipc/fid.ts';
import { mountPathOf, parentOfFid, pathOfFid } from '../../../src/venus/client/naming.ts';
import { walk } from '../../../src/venus/client/pathWalk.ts';
import { rootFid } from '../../../src/venus/client/place.ts';
import { OPERATOR, ROOT, outcome, raise, rootOf, useRealm } from '../support.ts';

const realm = useRealm();
const TOP = '/test.realm';
const session = () => realm().session();

async function fidOf(path: string): Promise<Fid> {
  const place = await walk(session(), path, false);
  return place.kind === 'object' ? place.status.fid : raise(`${path} is the Coda root`);
}

const pathOf = (fid: Fid) => pathOfFid(session(), fid);
const mkdir = (name: string) => realm().files().mkdir(`${TOP}/${name}`, 0o755);
const mount = (name: string, contents: string, directory: Fid) =>
  new Changes(session()).makeSymlink({ directory, name, target: contents, mode: 0o644 });

describe('the path of a fid', () => {
  it('begins at /coda, for objects of every type', async () => {
    await mkdir('dir');
    await realm().write(`${TOP}/dir/file`, 'contents');
    await realm().files().symlink(`${TOP}/dir/link`, 'file');
    for (const path of ['', '/dir', '/dir/file', '/dir/link'])
      expect(await pathOf(await fidOf(TOP + path))).toBe(`/coda/test.realm${path}`);
  });

  it('follows a renamed directory', async () => {
    await mkdir('old');
    await mkdir('old/inner');
    const inner = await fidOf(`${TOP}/old/inner`);
    await mkdir('other');
    await realm().files().rename(`${TOP}/old`, `${TOP}/other/new\udcff`);
    expect(await pathOf(inner)).toBe('/coda/test.realm/other/new\udcff/inner');
  });

  it('goes through mount points', async () => {
    await mkdir('dir');
    await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota: 0 });
    await mount('mnt', '#vol.', await fidOf(`${TOP}/dir`));
    await realm().files().mkdir(`${TOP}/dir/mnt/inner`, 0o755);
    expect(await pathOf(await fidOf(`${TOP}/dir/mnt/inner`))).toBe('/coda/test.realm/dir/mnt/inner');
  });

  it('begins with the name of the volume where no mount point of that is known', async () => {
    const { id } = await realm().realmServer.createVolume({ name: 'lost', owner: undefined, maxQuota: 0 });
    await new Changes(session()).makeDirectory({ directory: rootOf(id), name: 'dir', mode: 0o755 });
    const { fid } = await session().lookup(rootOf(id), 'dir');
    expect(await pathOf(fid)).toBe('<lost>/dir');
    expect(await pathOf(rootOf(id))).toBe('<lost>');
  });

  it('does not lead through a mount point that was removed or renamed', async () => {
    const id = await realm().mountVolume('vol');
    await walk(session(), `${TOP}/vol`, true);
    await realm().files().rename(`${TOP}/vol`, `${TOP}/renamed`);
    expect(await pathOf(rootOf(id))).toBe('<vol>');
    await walk(session(), `${TOP}/renamed`, true);
    expect(await pathOf(rootOf(id))).toBe('/coda/test.realm/renamed');
    await new Changes(session()).remove({ directory: rootOf(ROOT), name: 'renamed' });
    expect(await pathOf(rootOf(id))).toBe('<vol>');
    expect(await outcome(mountPathOf(session(), id))).toBe('EINVAL');
    expect(await outcome(parentOfFid(session(), rootOf(id)))).toBe('ENOENT');
  });

  it('is refused where volumes are mounted in each other, which has no end', async () => {
    const [one, two] = [await realm().mountVolume('one'), await realm().mountVolume('two')];
    await mount('inner', '#two.', rootOf(one));
    await mount('inner', '#one.', rootOf(two));
    await walk(session(), `${TOP}/one/inner/inner`, true);
    expect(await outcome(pathOf(rootOf(one)))).toBe('ENAMETOOLONG');
    await walk(session(), `${TOP}/one`, true);
    expect(await pathOf(rootOf(two))).toBe('/coda/test.realm/one/inner');
  });

  it('stays right where a volume has a mount point in itself', async () => {
    await mount('top', '#/.', rootOf(ROOT));
    await mkdir('dir');
    await walk(session(), `${TOP}/top`, false);
    expect(await pathOf(await fidOf(`${TOP}/dir`))).toBe('/coda/test.realm/dir');
  });

  it('has at most 1023 bytes', async () => {
    let path = TOP;
    for (let depth = 0; depth < 3; depth++) {
      path += `/${'x'.repeat(255)}`;
      await realm().files().mkdir(path, 0o755);
    }
    const rest = 1023 - `/coda${path}/`.length;
    await realm().write(`${path}/${'y'.repeat(rest)}`, '');
    await realm().write(`${path}/${'z'.repeat(rest + 1)}`, '');
    expect(await pathOf(await fidOf(`${path}/${'y'.repeat(rest)}`))).toHaveLength(1023);
    const tooLong = await fidOf(`${path}/${'z'.repeat(rest + 1)}`);
    expect(await outcome(pathOf(tooLong))).toBe('ENAMETOOLONG');
  });

  it('is not there for what is gone, in no volume, or not to be seen', async () => {
    await mkdir('dir');
    const fid = await fidOf(`${TOP}/dir`);
    await session().setAcl({ fid: rootOf(ROOT), text: '1\n0\nSystem:Administrators 127\n' });
    expect(await outcome(pathOfFid(realm().session(OPERATOR + 1), fid))).toBe('EACCES');
    await realm().files().remove(`${TOP}/dir`);
    expect(await outcome(pathOf(fid))).toBe('ENOENT');
    expect(await outcome(pathOf({ ...fid, volume: 0x7f00ffff }))).toBe('EVOLUME');
    expect(await outcome(pathOf({ ...rootOf(ROOT), unique: 2 }))).toBe('ENOENT');
  });
});

describe('the parent of a fid', () => {
  it('is the directory it is in', async () => {
    await mkdir('dir');
    await realm().write(`${TOP}/dir/file`, 'contents');
    expect(await parentOfFid(session(), await fidOf(`${TOP}/dir/file`))).toEqual(await fidOf(`${TOP}/dir`));
    expect(await parentOfFid(session(), await fidOf(`${TOP}/dir`))).toEqual(rootOf(ROOT));
  });

  it('of a volume is the directory of its mount point', async () => {
    await mkdir('dir');
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota: 0 });
    await mount('mnt', '#vol.', await fidOf(`${TOP}/dir`));
    expect(await outcome(parentOfFid(session(), rootOf(id)))).toBe('ENOENT');
    await walk(session(), `${TOP}/dir/mnt`, true);
    expect(await parentOfFid(session(), rootOf(id))).toEqual(await fidOf(`${TOP}/dir`));
  });

  it('of the volume that is the root of the realm is the Coda root', async () => {
    await walk(session(), TOP, true);
    expect(await parentOfFid(session(), rootOf(ROOT))).toEqual(rootFid);
  });
});

describe('the place of a volume', () => {
  it('is known once it has been seen', async () => {
    const id = await realm().mountVolume('vol');
    expect(await outcome(mountPathOf(session(), id))).toBe('EINVAL');
    await walk(session(), `${TOP}/vol`, true);
    expect(await mountPathOf(session(), id)).toBe('/coda/test.realm/vol');
    expect(await mountPathOf(session(), ROOT)).toBe('/coda/test.realm');
  });
});
