import { beforeEach, describe, expect, it } from 'vitest';
import { collect, outcome, useRealm } from '../support.ts';

const realm = useRealm();
const top = '/test.realm/dir';
const list = async () => (await collect(realm().files().readdir(top))).map(({ name }) => name).sort();
const status = (name: string) => realm().files().lstat(`${top}/${name}`);
const rename = (from: string, to: string) =>
  outcome(realm().files().rename(`${top}/${from}`, `${top}/${to}`));

beforeEach(async () => {
  const files = realm().files();
  await files.mkdir(top, 0o755);
  await realm().write(`${top}/file`, 'contents');
  await files.symlink(`${top}/link`, 'x');
  await files.mkdir(`${top}/empty`, 0o755);
  await files.mkdir(`${top}/full`, 0o755);
  await realm().write(`${top}/full/inside`, '');
});

describe('a rename', () => {
  it.each([
    ['file', 'link', 'done'],
    ['link', 'file', 'done'],
    ['file', 'empty', 'EISDIR'],
    ['file', 'full', 'EISDIR'],
    ['link', 'empty', 'EISDIR'],
    ['empty', 'file', 'ENOTDIR'],
    ['empty', 'link', 'ENOTDIR'],
    ['empty', 'full', 'ENOTEMPTY'],
    ['full', 'empty', 'done'],
    ['file', 'file', 'done'],
    ['empty', 'empty', 'done'],
    ['missing', 'file', 'ENOENT'],
  ])('of %s to %s: %s', async (from, to, end) => {
    const before = await list();
    const moved = from === 'missing' ? undefined : (await status(from)).identity;
    expect(await rename(from, to)).toBe(end);
    const gone = end === 'done' && from !== to ? from : '';
    expect(await list()).toEqual(before.filter((name) => name !== gone));
    if (end === 'done') expect((await status(to)).identity).toEqual(moved);
  });

  it('between two names of one file leaves both, and changes nothing', async () => {
    await realm().files().link(`${top}/file`, `${top}/second`);
    realm().clock.advance(60_000);
    const before = [await status('file'), await status('second'), await realm().files().lstat(top)];
    expect(await rename('file', 'second')).toBe('done');
    expect(await rename('file', 'file')).toBe('done');
    expect([await status('file'), await status('second'), await realm().files().lstat(top)]).toEqual(before);
    expect(before[0]?.linkCount).toBe(2);
  });
});
