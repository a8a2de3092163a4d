import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { venusLog } from '../../../../src/venus/log.ts';
import { type ArchiveFormat, archiveFormats } from '../../../../src/cml/archive/entry.ts';
import { ArchiveLimitError } from '../../../../src/cml/archive/errors.ts';
import { verifyCheckpointFiles } from '../../../../src/cml/checkpointFiles.ts';
import { CHECKPOINT_INTERVAL, Checkpointer } from '../../../../src/venus/client/log/checkpointer.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, ROOT, rootOf, until, useRealm } from '../../support.ts';

const TOP = '/test.realm';
const BASE = 'test.realm__';

describe('checkpoints', () => {
  const realm = useRealm();
  const open = useClients(realm);
  let [one]: TestClient[] = [];
  const client = () => one ?? expect.fail('no client');

  beforeEach(async () => {
    one = await open('one');
    await client().write(`${TOP}/f`, 'old');
    await client().writeDisconnect();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const directory = () => join(client().manager.spool, String(OPERATOR));
  const written = () => (existsSync(directory()) ? readdirSync(directory()).sort() : []);
  const log = (name = `${BASE}.cml`) => readFileSync(join(directory(), name), 'latin1');
  const verified = async (archive = join(directory(), `${BASE}.tar`)) => {
    const { problems, files, entries } = await verifyCheckpointFiles(archive, {
      pending: client().log().entries,
    });
    expect(problems).toEqual([]);
    return { files, entries };
  };
  const pair = [`${BASE}.cml`, `${BASE}.tar`];
  const both = [`${BASE}.cml`, `${BASE}.cml.old`, `${BASE}.tar`, `${BASE}.tar.old`];
  const events = () => {
    const told: string[] = [];
    void (async () => {
      for await (const event of client().manager.events.listen(AbortSignal.timeout(20_000)))
        if (event.kind === 'checkpoint') told.push(event.path);
    })();
    return told;
  };
  /** Lets time pass as the client sees it, and what is due be done. */
  const pass = async (milliseconds: number) => {
    client().manager.checkpoints.look();
    realm().clock.advance(milliseconds);
    client().manager.checkpoints.look();
    await until(() => !client().manager.checkpoints.isWriting(ROOT));
  };
  const silent = () => vi.spyOn(venusLog, 'write').mockReturnValue(undefined);

  describe('are written by themselves', () => {
    it('ten minutes after a log was seen to hold something, and not before', async () => {
      await client().write(`${TOP}/f`, 'new');
      await pass(CHECKPOINT_INTERVAL - 1);
      expect(written()).toEqual([]);
      await pass(1);
      expect(written()).toEqual(pair);
      expect(log()).toBe('Store \t/coda/test.realm/f (length = 3)\n');
      expect(await verified()).toEqual({ files: 1, entries: 1 });
    });

    it('again only when the log has changed, with one older generation', async () => {
      await client().write(`${TOP}/f`, 'new');
      await pass(CHECKPOINT_INTERVAL);
      await pass(CHECKPOINT_INTERVAL);
      expect(written()).toEqual(pair);
      for (const name of ['g', 'h']) {
        await client().files().symlink(`${TOP}/${name}`, 'f');
        await pass(CHECKPOINT_INTERVAL);
        expect(written()).toEqual(both);
      }
      expect(log().split('\n')).toHaveLength(4);
      expect(log(`${BASE}.cml.old`).split('\n')).toHaveLength(3);
    });

    it('also when records have only gone', async () => {
      await client().write(`${TOP}/f`, 'new');
      await client().write(`${TOP}/g`, 'new');
      await pass(CHECKPOINT_INTERVAL);
      await client().files().remove(`${TOP}/g`);
      await pass(CHECKPOINT_INTERVAL);
      expect(log()).toBe('Store \t/coda/test.realm/f (length = 3)\n');
    });

    it('not of a log that is empty', async () => {
      await client().write(`${TOP}/f`, 'new');
      client().manager.checkpoints.look();
      await client().drained();
      await pass(CHECKPOINT_INTERVAL);
      expect(written()).toEqual([]);
    });

    it('not so soon after one that was asked for', async () => {
      await client().write(`${TOP}/f`, 'new');
      await client().session().checkpoint(ROOT);
      await client().write(`${TOP}/f`, 'newer');
      await pass(CHECKPOINT_INTERVAL - 1);
      expect(written()).toEqual(pair);
      await pass(1);
      expect(written()).toEqual(both);
    });

    it('of each volume that has a log', async () => {
      const volume = await realm().mountVolume('u.jan');
      await client().writeDisconnect(3600, volume);
      await client().write(`${TOP}/f`, 'new');
      await client().write(`${TOP}/u.jan/g`, 'new');
      await pass(CHECKPOINT_INTERVAL);
      await until(() => !client().manager.checkpoints.isWriting(volume));
      expect(written()).toEqual([...pair, 'test.realm_u.jan.cml', 'test.realm_u.jan.tar']);
      expect(log('test.realm_u.jan.cml')).toContain('Store \t/coda/test.realm/u.jan/g (length = 3)\n');
    });

    it('and when that fails it is logged, and tried again after the next interval', async () => {
      const told = events();
      const stderr = silent();
      writeFileSync(client().manager.spool, 'in the way');
      await client().write(`${TOP}/f`, 'new');
      await pass(CHECKPOINT_INTERVAL);
      expect(stderr).toHaveBeenCalledWith(expect.stringContaining('checkpoint of 7f000000'));
      expect(told).toEqual([]);
      rmSync(client().manager.spool);
      await pass(CHECKPOINT_INTERVAL);
      expect(written()).toEqual(pair);
      await until(() => told.length === 1);
      expect(told[0]).toBe(join(directory(), `${BASE}.tar`));
    });
  });

  describe('are written before a record is marked as conflict', () => {
    const conflicting = async () => {
      const other = await open('two');
      await client().write(`${TOP}/f`, 'mine');
      await other.write(`${TOP}/f`, 'theirs');
      await client().manager.reintegrator.force(ROOT);
      expect(client().manager.tree.logs.hasConflict(ROOT)).toBe(true);
    };

    it('with all that is in the log', async () => {
      const isMarked = vi
        .spyOn(client().manager.tree, 'markConflicts')
        .mockImplementationOnce(async (...request) => {
          expect(written()).toEqual(pair);
          await client().manager.tree.markConflicts(...request);
        });
      await conflicting();
      expect(isMarked).toHaveBeenCalledTimes(2);
      expect(await verified()).toEqual({ files: 1, entries: 1 });
    });

    it('which goes on without one where none can be written', async () => {
      const stderr = silent();
      writeFileSync(client().manager.spool, 'in the way');
      await conflicting();
      expect(stderr).toHaveBeenCalledWith(expect.stringContaining('checkpoint of 7f000000'));
    });

    it('which does not wait for ever, and leaves no timer', async () => {
      await client().write(`${TOP}/f`, 'new');
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { tree, containers, events: told, now } = client().manager;
      let goOn = () => {};
      const place = async () => {
        await new Promise<void>((resolve) => (goOn = resolve));
        return { spool: client().manager.spool, realm: 'r', volumeName: 'v', mount: '/coda/r' };
      };
      const checkpointer = new Checkpointer({ tree, containers, events: told, now, place });
      const waiting = checkpointer.beforeConflict(ROOT);
      await vi.advanceTimersByTimeAsync(60_000);
      await waiting;
      goOn();
      await checkpointer.close();
      await checkpointer.beforeConflict(ROOT);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it('are whole whatever is changed meanwhile', async () => {
    await client().files().mkdir(`${TOP}/d0`, 0o755);
    for (let at = 0; at < 40; at++) await client().write(`${TOP}/d0/${at}`, 'x'.repeat(at));
    for (let round = 0; round < 10; round++) {
      const writing = client().session().checkpoint(ROOT);
      await client()
        .files()
        .rename(`${TOP}/d${round}`, `${TOP}/d${round + 1}`);
      await client().write(`${TOP}/d${round + 1}/${round}`, 'again');
      await client()
        .files()
        .remove(`${TOP}/d${round + 1}/${round + 20}`);
      const { archive, entries } = await writing;
      expect((await verifyCheckpointFiles(archive, { pending: entries })).problems).toEqual([]);
    }
    expect(written()).toEqual(both);
  });

  it('are whole when they begin while a change is on its way to the disk', async () => {
    await client().files().mkdir(`${TOP}/d`, 0o755);
    for (let at = 0; at < 20; at++) await client().write(`${TOP}/d/${at}`, 'x');
    for (let at = 0; at < 20; at++) {
      const before = client().log().entries;
      const removing = client().files().remove(`${TOP}/d/${at}`);
      while (client().log().entries === before) await new Promise((resolve) => setImmediate(resolve));
      const { archive, entries } = await client().session().checkpoint(ROOT);
      await removing;
      expect((await verifyCheckpointFiles(archive, { pending: entries })).problems).toEqual([]);
    }
  });

  it('that several ask for at once are written one after the other', async () => {
    await client().write(`${TOP}/f`, 'new');
    await Promise.all([1, 2, 3].map(() => client().session().checkpoint(ROOT)));
    expect(written()).toEqual(both);
    await verified();
  });

  it('leave nothing behind when the client ends meanwhile', async () => {
    await client().write(`${TOP}/f`, new Uint8Array(32 * 1024 * 1024).fill(1));
    const writing = client().session().checkpoint(ROOT);
    await until(() => existsSync(directory()) && readdirSync(directory()).length > 0);
    await Promise.all([client().restart(), expect(writing).rejects.toThrow('aborted')]);
    expect(written()).toEqual([]);
  });

  describe('in a format that is asked for', () => {
    it.each(archiveFormats)('hold the same in %s', async (format) => {
      await client().files().mkdir(`${TOP}/d`, 0o755);
      await client().write(`${TOP}/d/g`, 'contents');
      await client().files().link(`${TOP}/d/g`, `${TOP}/d/h`);
      await client().files().symlink(`${TOP}/l`, 'd/g');
      const { archive, files } = await client().session().checkpoint(ROOT, format);
      expect(archive).toMatch(/odc|newc/.test(format) ? /\.cpio$/ : /\.tar$/);
      expect(files).toBe(1);
      await verified(archive);
    });

    it('keep those of another one as old', async () => {
      await client().write(`${TOP}/f`, 'new');
      await client().session().checkpoint(ROOT);
      await client().session().checkpoint(ROOT, 'newc');
      expect(written()).toEqual([`${BASE}.cml`, `${BASE}.cml.old`, `${BASE}.cpio`, `${BASE}.tar.old`]);
    });

    /** A store whose contents are not there: its size alone is too large. */
    const storeHuge = async () => {
      const { tree } = client().manager;
      const fid = client().manager.tree.cache.vnodes.entry(rootOf(ROOT), 'f') ?? expect.fail('no f');
      const author = { uid: OPERATOR, identity: client().session().identity(), now: 0 };
      const mutation = { op: 'store', fid: { ...fid, volume: ROOT }, length: 2 ** 32 } as const;
      await tree.change(ROOT, author, false, () => [{ mutation, container: 4711 }]);
    };
    const long = 'n'.repeat(120);

    it.each<[ArchiveFormat, string, () => Promise<void>, string]>([
      ['newc', 'of 4 GiB', storeHuge, 'f: 4294967296 bytes'],
      [
        'tar',
        'with a long name',
        () => client().write(`${TOP}/${long}`, 'x'),
        `${long}: its name has 120 bytes`,
      ],
      [
        'ustar',
        'with a long name',
        () => client().write(`${TOP}/${long}`, 'x'),
        `${long}: its name has 120 bytes`,
      ],
      [
        'tar',
        'of a user with a large number',
        () => client().write(`${TOP}/f`, 'x', 3_000_000),
        'f: its owner',
      ],
    ])('are refused in %s for a file %s, and leave all as it was', async (format, _, change, message) => {
      const { uid } = format === 'tar' && message.includes('owner') ? { uid: 3_000_000 } : { uid: OPERATOR };
      if (uid !== OPERATOR) await client().login('operator', uid);
      await change();
      const error: unknown = await client()
        .session(uid)
        .checkpoint(ROOT, format)
        .catch((reason: unknown) => reason);
      const { message: text, next } = error instanceof ArchiveLimitError ? error : expect.fail(String(error));
      expect(text).toContain(message);
      expect(next).toContain('pax');
      expect(readdirSync(join(client().manager.spool, String(uid)))).toEqual([]);
    });

    it('are written in pax by themselves where the chosen one cannot hold the log', async () => {
      const stderr = silent();
      const { tree, containers, events: told, now, spool } = client().manager;
      const place = () =>
        Promise.resolve({ spool, realm: 'test.realm', volumeName: '/', mount: '/coda/test.realm' });
      const settings = {
        tree,
        containers,
        events: told,
        now: () => now(),
        place,
        format: 'tar',
        interval: 5,
      } as const;
      const checkpointer = new Checkpointer(settings);
      await client().write(`${TOP}/${long}`, 'x');
      checkpointer.look();
      realm().clock.advance(5);
      checkpointer.look();
      await until(() => written().join() === pair.join());
      expect(await verified()).toEqual({ files: 1, entries: 2 });
      expect(stderr).toHaveBeenCalledWith(expect.stringContaining('now in pax'));
      await checkpointer.close();
    });
  });
});
