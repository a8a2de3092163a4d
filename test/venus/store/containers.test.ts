import { mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Containers } from '../../../src/venus/store/containers.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { raise } from '../support.ts';

const temporary = useTemporaryDirectory();
const openWith = (...inUse: readonly number[]) =>
  Containers.open(temporary('containers'), (id) => inUse.includes(id));

async function store(containers: Containers, ...parts: readonly Uint8Array[]): Promise<number> {
  const container = await containers.create();
  for (const part of parts) await container.append(part);
  await container.finish();
  return container.id;
}

async function contentsOf(containers: Containers, id: number): Promise<Buffer> {
  const file = (await containers.open(id)) ?? raise(`no container ${id}`);
  return file.readFile().finally(() => file.close());
}

/** Files below the directory, and their names from there. */
const present = () =>
  readdirSync(temporary('containers'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Files below the directory that this process has open. */
const opened = () =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    const link = `/proc/self/fd/${fd}`;
    const target = tryReadlink(link);
    return target.startsWith(temporary('containers')) ? [target] : [];
  });

function tryReadlink(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

const text = (value: string) => Buffer.from(value);

describe('a container', () => {
  it('holds what was added to it, in order', async () => {
    const containers = await openWith();
    const id = await store(containers, text('one '), text('two '), text('three'));
    expect((await contentsOf(containers, id)).toString()).toBe('one two three');
  });

  it('belongs to its user alone, as its directory does', async () => {
    const containers = await openWith();
    await store(containers, text('secret'));
    const [path = ''] = present();
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(join(path, '..')).mode & 0o777).toString(8)).toBe('700');
    expect((statSync(temporary('containers')).mode & 0o777).toString(8)).toBe('700');
  });

  it('takes no room for long stretches of zeros, and has them when it is read', async () => {
    const containers = await openWith();
    const zeros = new Uint8Array(4 * 1024 * 1024);
    const id = await store(containers, text('head'), zeros, text('middle'), zeros);
    const whole = Buffer.concat([text('head'), zeros, text('middle'), zeros]);
    expect((await contentsOf(containers, id)).equals(whole)).toBe(true);
    const [path = ''] = present();
    expect(statSync(path).size).toBe(whole.length);
    expect(statSync(path).blocks * 512).toBeLessThan(64 * 1024);
  });

  it('keeps bytes that stand among zeros', async () => {
    const containers = await openWith();
    for (const at of [0, 65_535, 65_536, 199_999]) {
      const bytes = new Uint8Array(200_000);
      bytes[at] = 1;
      expect((await contentsOf(containers, await store(containers, bytes))).equals(bytes)).toBe(true);
    }
  });

  it('leaves neither a file nor an open handle when it is abandoned', async () => {
    const containers = await openWith();
    const container = await containers.create();
    await container.append(text('some'));
    expect([present(), opened()]).toEqual([[expect.any(String)], [expect.any(String)]]);
    await container.abandon();
    expect([present(), opened()]).toEqual([[], []]);
  });

  it('is not kept open when it is finished', async () => {
    await store(await openWith(), text('some'));
    expect(opened()).toEqual([]);
  });

  it('stays readable by who has it open when it is removed', async () => {
    const containers = await openWith();
    const id = await store(containers, text('contents'));
    const file = (await containers.open(id)) ?? raise('not there');
    await containers.remove(id);
    expect((await file.readFile()).toString()).toBe('contents');
    await file.close();
    expect(await containers.open(id)).toBeUndefined();
    await expect(containers.remove(id)).resolves.toBeUndefined();
  });
});

describe('containers at a start', () => {
  it('are those that records mention: the others are removed', async () => {
    const before = await openWith();
    const [one, two, three] = [
      await store(before, text('one')),
      await store(before, text('two')),
      await store(before, text('three')),
    ];
    await (await before.create()).append(text('broken off'));
    const after = await openWith(two);
    expect(present()).toHaveLength(1);
    expect((await contentsOf(after, two)).toString()).toBe('two');
    expect([await after.open(one), await after.open(three)]).toEqual([undefined, undefined]);
  });

  it('do not get the number of one that was there, removed or not', async () => {
    const before = await openWith();
    const ids = [await store(before, text('one')), await store(before, text('two'))];
    await (await before.create()).abandon();
    ids.push(await store(before, text('three')));
    const after = await openWith(...ids.slice(0, 1));
    ids.push(await store(after, text('four')));
    expect(new Set(ids).size).toBe(4);
    expect((await contentsOf(after, ids[0] ?? 0)).toString()).toBe('one');
  });

  it('are found in all of their directories', async () => {
    writeContainer(0x1000, 'old');
    writeContainer(0x2fff, 'older');
    const containers = await openWith(0x1000, 0x2fff);
    expect((await contentsOf(containers, 0x1000)).toString()).toBe('old');
    expect(await store(containers, text('new'))).toBe(0x3000);
    expect(readFileSync(temporary('containers', '0003', '00003000'), 'utf8')).toBe('new');
  });

  it('leave alone what is not theirs, and take no number from it', async () => {
    mkdirSync(temporary('containers', 'lost+found'), { recursive: true });
    writeFileSync(temporary('containers', 'README'), 'not ours');
    writeContainer(5, 'ours');
    writeFileSync(temporary('containers', '0000', 'backup'), 'not ours');
    writeFileSync(temporary('containers', '0000', '00000005.old'), 'not ours');
    const containers = await openWith(5);
    expect(await store(containers, text('next'))).toBe(6);
    expect(readdirSync(temporary('containers', '0000')).sort()).toEqual(
      ['00000005', '00000005.old', '00000006', 'backup'].sort(),
    );
    expect(readFileSync(temporary('containers', 'README'), 'utf8')).toBe('not ours');
  });
});

/** Puts a container there as an earlier run would have left it. */
function writeContainer(id: number, contents: string): void {
  const part = Math.floor(id / 4096);
  const directory = temporary('containers', part.toString(16).padStart(4, '0'));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, id.toString(16).padStart(8, '0')), contents);
}
