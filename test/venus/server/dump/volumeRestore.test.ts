import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_PAYLOAD } from '../../../../src/dump/frame.ts';
import type { ObjectStatus } from '../../../../src/dump/record.ts';
import { RefusedError } from '../../../../src/ipc/errors.ts';
import type { RestoreRequest } from '../../../../src/venus/net/dumpProtocol.ts';
import { FileServer } from '../../../../src/venus/server/fileServer.ts';
import { VolumeTables } from '../../../../src/venus/server/dump/volumeTables.ts';
import { Database } from '../../../../src/venus/store/database.ts';
import { randomFrom } from '../../../fault/randomTree.ts';
import { dumpOf, header } from '../../../dump/dumps.ts';
import { outcome, rootOf, serverDirectoryOf, useRealm } from '../../support.ts';
import { Caller } from '../caller.ts';
import { findProblems } from '../invariants.ts';
import { useBackup } from './backup.ts';

const backup = useBackup(() => realm());
const realm = useRealm();

const FILES = 16;
/** With the root, and a directory for every eight files. */
const OBJECTS = FILES + 1 + FILES / 8;
const contentsOf = (at: number) => `contents of file ${at}, `.repeat(at * 3 + 1);

/** A volume of some directories and files that say which they are. */
async function volumeOfFiles(): Promise<number> {
  const volume = await realm().mountVolume('u.files');
  const operator = Caller.as(realm(), 'operator');
  for (let at = 0; at < FILES; at++) {
    const directory = at % 8 === 0 ? await operator.mkdir(rootOf(volume), `directory ${at}`) : undefined;
    const parent = directory ?? (await operator.lookup(rootOf(volume), `directory ${at - (at % 8)}`)).fid;
    await operator.create(parent, `file ${at}`, contentsOf(at));
  }
  return volume;
}

describe('a damaged dump', () => {
  it('is refused with its offset at each of 300 places, and nothing is left of it', async () => {
    const dump = await backup().dump(await volumeOfFiles());
    const random = randomFrom(20_261_121);
    const volumes = backup().volumes();
    for (let place = 0; place < 300; place++) {
      const at = random(dump.length);
      const isCut = place % 2 === 0;
      const bad = isCut ? dump.slice(0, at) : Uint8Array.from(dump);
      if (!isCut) bad[at] = (bad[at] ?? 0) ^ (1 + random(255));
      const error = await backup()
        .restore(bad, `u.${place}`)
        .then(
          () => undefined,
          (failure: unknown) => failure,
        );
      if (!(error instanceof RefusedError)) throw new Error(`place ${at}: ${String(error)}`);
      const [, told = 'nothing'] = /^damaged at byte (\d+): /.exec(error.message) ?? [];
      expect(error.code).toBe('dump-damaged');
      expect(Number(told)).toBeLessThanOrEqual(at);
      expect(at - Number(told)).toBeLessThan(MAX_PAYLOAD);
    }
    expect(backup().volumes()).toBe(volumes);
    expect(backup().problems()).toEqual([]);
  }, 240_000);

  it('gives all that is whole to a partial restore, and says what is lost', async () => {
    const dump = await backup().dump(await volumeOfFiles());
    const random = randomFrom(7);
    for (let place = 0; place < 40; place++) {
      const at = 1000 + random(dump.length - 1000);
      const isCut = place % 2 === 0;
      const bad = isCut ? dump.slice(0, at) : Uint8Array.from(dump);
      if (!isCut) bad[at] = (bad[at] ?? 0) ^ (1 + random(255));
      const { volume, report } = await backup().restore(bad, `u.${place}`, true);
      expect(report.damageCount).toBeGreaterThan(0);
      const files = await filesIn(volume);
      for (const [name, contents] of files) expect(contents).toBe(contentsOf(Number(name.slice(5))));
      if (!isCut) expect(files.size).toBeGreaterThanOrEqual(FILES - 1);
      if (report.lostObjects !== undefined)
        expect(Number(report.lostObjects)).toBe(OBJECTS - Number(report.objects));
    }
    expect(backup().problems()).toEqual([]);
  }, 240_000);

  it('keeps what was in a lost directory where only administrators see it', async () => {
    const dump = await backup().dump(await volumeOfFiles());
    // The status of the first directory that is not the root.
    const at = Buffer.from(dump).indexOf('directory 0');
    const bad = Uint8Array.from(dump);
    bad[at] = (bad[at] ?? 0) ^ 1;
    const { volume, report } = await backup().restore(bad, 'u.partial', true);
    expect(report.standIns).toEqual(['lost.3.2']);
    const operator = Caller.as(realm(), 'operator');
    const standIn = await operator.lookup(rootOf(volume), 'lost.3.2');
    expect(await operator.list(standIn.fid)).toContain('file 7');
    expect(await outcome(Caller.as(realm()).list(standIn.fid))).toBe('EACCES');
  });

  async function filesIn(volume: number): Promise<ReadonlyMap<string, string>> {
    const operator = Caller.as(realm(), 'operator');
    const files = new Map<string, string>();
    for (const directory of await operator.list(rootOf(volume))) {
      const { fid } = await operator.lookup(rootOf(volume), directory);
      for (const name of await operator.list(fid))
        files.set(name, await operator.read((await operator.lookup(fid, name)).fid));
    }
    return files;
  }
});

describe('a dump whose checksums are right, and which nobody can have made', () => {
  const ID = Uint8Array.from({ length: 16 }, (_, at) => at);
  const versionVector = { versions: [1, 0, 0, 0, 0, 0, 0, 0], storeId: { host: 1, unique: 1 }, flags: 0 };
  const common = { owner: 500, mode: 0o755, modified: 0, versionVector };
  const root = { vnode: 1, unique: 1 };
  const directory = (vnode: number, parent: typeof root | undefined, name: string): ObjectStatus => {
    const place = { id: { vnode, unique: vnode }, parent, names: parent ? [name] : [] };
    return { ...common, ...place, type: 'directory', positive: [], negative: [] };
  };
  const link = (vnode: number, parent: typeof root, names: readonly string[]): ObjectStatus => {
    const target = new Uint8Array(1);
    return { ...common, id: { vnode, unique: vnode }, parent, names, type: 'symlink', target };
  };
  const made = (...objects: readonly ObjectStatus[]) =>
    dumpOf({
      header: header(ID),
      principals: [],
      removed: [],
      objects: objects.map((status) => ({ status, parts: [] })),
    });
  const top = directory(1, undefined, '');

  it.each([
    ['two objects with one name', [top, link(2, root, ['a']), link(4, root, ['a'])]],
    ['an object in a directory that is not there', [top, link(2, { vnode: 9, unique: 9 }, ['a'])]],
    [
      'an object in a directory of another time',
      [top, directory(3, root, 'd'), link(2, { vnode: 3, unique: 9 }, ['a'])],
    ],
    [
      'directories in each other',
      [top, directory(3, { vnode: 5, unique: 5 }, 'a'), directory(5, { vnode: 3, unique: 3 }, 'b')],
    ],
    ['a directory in itself', [top, directory(3, { vnode: 3, unique: 3 }, 'a')]],
    ['no root', [link(2, root, ['a'])]],
    ['a link of two names', [top, link(2, root, ['a', 'b'])]],
  ])('is refused for %s, and nothing is left of it', async (_, objects) => {
    const volumes = backup().volumes();
    expect(await outcome(backup().restore(made(...objects), 'u.hostile'))).toBe('dump-damaged');
    expect(backup().volumes()).toBe(volumes);
    expect(backup().problems()).toEqual([]);
  });

  it('cannot make numbers be given twice', async () => {
    const plan = {
      ...header(ID),
      volume: { ...header(ID).volume, nextDirectory: 2, nextFile: 1, nextUnique: 0 },
    };
    const objects = [top, directory(33, root, 'd'), link(40, root, ['l'])].map((status) => ({
      status,
      parts: [],
    }));
    const dump = dumpOf({ header: plan, principals: [], removed: [], objects });
    const { volume } = await backup().restore(dump, 'u.numbers');
    const block = await realm().server.reserveFids({ volume, count: 1 });
    expect(block).toMatchObject({ directory: 35, file: 42, unique: 41 });
  });
});

describe('a server that ends in the middle', () => {
  const request = {
    kind: 'full',
    volume: 0x7f00_0077,
    replica: 0x0100_0077,
    name: 'u.half',
    members: [],
    isPartial: false,
  } as const;

  it('of a restore has nothing of it when it starts again', async () => {
    const dump = await backup().dump(await volumeOfFiles());
    await afterDeath(request, dump.subarray(0, dump.length - 2000), false, (tables) =>
      expect(tables.volume(0x7f00_0077)).toBeUndefined(),
    );
  });

  it('between restore and list has nothing of it, unless the volume is in the list', async () => {
    const dump = await backup().dump(await volumeOfFiles());
    await afterDeath(request, dump, true, (tables) => expect(tables.volume(0x7f00_0077)).toBeUndefined());
    const again = { ...request, volume: 0x7f00_0078 };
    await afterDeath(
      again,
      dump,
      true,
      (tables) => expect(tables.volume(0x7f00_0078)?.name).toBe('u.half'),
      [0x7f00_0078],
    );
  });

  it('of an increment has the volume as it was', async () => {
    const volume = await volumeOfFiles();
    const full = await backup().dump(volume);
    const { volume: restored } = await backup().restore(full, 'u.again');
    const operator = Caller.as(realm(), 'operator');
    await operator.create(rootOf(volume), 'new', 'new'.repeat(10_000));
    await operator.remove((await operator.lookup(rootOf(volume), 'directory 0')).fid, 'file 3');
    const increment = await backup().dump(volume, full);
    const names = (tables: VolumeTables) =>
      [...tables.vnodes(restored)].flatMap((vnode) => tables.namesOf(vnode));
    const request = { kind: 'increment', volume: restored, name: 'u.again' } as const;
    await afterDeath(request, increment.subarray(0, increment.length - 500), false, (tables) => {
      expect(names(tables)).toContain('file 3');
      expect(names(tables)).not.toContain('new');
    });
  });

  /** Begins a restore, and looks at the server's store as it would be after a sudden death at this moment. */
  async function afterDeath(
    request: RestoreRequest,
    dump: Uint8Array,
    isWhole: boolean,
    look: (tables: VolumeTables) => void,
    published: readonly number[] = [],
  ): Promise<void> {
    const { server, store, clock } = realm();
    const { handle } = await server.openRestore(request);
    await server.writeRestore({ handle, bytes: dump });
    if (isWhole) await server.finishRestore({ handle });
    const directory = mkdtempSync(join(tmpdir(), 'coda-dead-'));
    try {
      cpSync(serverDirectoryOf(realm().directory), directory, { recursive: true });
      await server.abandonRestore({ handle });
      const { protection, tokenKey } = store;
      const isPublished = (volume: number) => published.includes(volume);
      const next = await FileServer.open({ directory, protection, tokenKey, now: clock.now, isPublished });
      await next.close();
      const metadata = await Database.open(join(directory, 'metadata'));
      look(new VolumeTables(metadata));
      for (const name of ['restoring', 'staged']) expect([...metadata.table(name).all()]).toEqual([]);
      expect(findProblems(metadata, join(directory, 'containers'))).toEqual([]);
      await metadata.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
});
