import { beforeEach, describe, expect, it } from 'vitest';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, ROOT, outcome, rootOf, until, useRealm } from '../../support.ts';
import { treeInCoda } from '../localTree.ts';

const TOP = '/test.realm';
const ANNA = 2000;

describe('of two clients', () => {
  const realm = useRealm();
  const open = useClients(realm);
  let [one, two]: TestClient[] = [];

  beforeEach(async () => {
    one = await open('one');
    two = await open('two');
  });

  const first = () => one ?? expect.fail('no client');
  const second = () => two ?? expect.fail('no client');

  const expectSame = async (path = TOP) => {
    const [here, there] = [first(), second()].map((client) => treeInCoda(client.files(), path));
    expect(await here).toEqual(await there);
    return here;
  };

  const setAcl = async (client: TestClient, name: string, text: string) => {
    const { fid } = await client.session().lookup(rootOf(ROOT), name);
    await client.session().setAcl({ fid, text });
  };

  describe('one sees at its next open what the other', () => {
    it('stores', async () => {
      for (const contents of ['first', 'second, which is longer', '', 'third']) {
        await first().write(`${TOP}/f`, contents);
        expect(await second().read(`${TOP}/f`)).toBe(contents);
      }
      await second().write(`${TOP}/f`, 'from the other side');
      expect(await first().read(`${TOP}/f`)).toBe('from the other side');
    });

    it.each(['two words', 'line\nbreak', 'caf\udce9', '\udcff\udc80', 'x'.repeat(255), 'Ã¤', 'é'])(
      'makes under the name %j',
      async (name) => {
        expect(await second().names(TOP)).toEqual([]);
        await first().files().mkdir(`${TOP}/${name}`, 0o755);
        await first().write(`${TOP}/${name}/${name}`, 'contents');
        await first().files().symlink(`${TOP}/${name}/link`, name);
        expect(await second().names(TOP)).toEqual([name]);
        expect(await second().read(`${TOP}/${name}/link`)).toBe('contents');
        expect(await second().files().readlink(`${TOP}/${name}/link`)).toBe(name);
        await second().files().rename(`${TOP}/${name}/${name}`, `${TOP}/${name}/moved`);
        expect(await first().names(`${TOP}/${name}`)).toEqual(['link', 'moved']);
      },
    );

    it('renames, in a directory, to another one, and in the place of something', async () => {
      await first().files().mkdir(`${TOP}/d`, 0o755);
      await first().write(`${TOP}/a`, 'a');
      await first().write(`${TOP}/b`, 'b');
      expect(await second().read(`${TOP}/b`)).toBe('b');
      await first().files().rename(`${TOP}/a`, `${TOP}/b`);
      expect(await second().names(TOP)).toEqual(['b', 'd']);
      expect(await second().read(`${TOP}/b`)).toBe('a');
      await second().files().rename(`${TOP}/b`, `${TOP}/d/c`);
      expect(await first().names(TOP)).toEqual(['d']);
      expect(await first().read(`${TOP}/d/c`)).toBe('a');
      await first().files().rename(`${TOP}/d`, `${TOP}/e`);
      expect(await outcome(second().read(`${TOP}/d/c`))).toBe('ENOENT');
      expect(await second().read(`${TOP}/e/c`)).toBe('a');
      await expectSame();
    });

    it('removes, and makes anew as something else', async () => {
      await first().write(`${TOP}/x`, 'a file');
      expect(await second().read(`${TOP}/x`)).toBe('a file');
      await first().files().remove(`${TOP}/x`);
      expect(await outcome(second().read(`${TOP}/x`))).toBe('ENOENT');
      await first().files().mkdir(`${TOP}/x`, 0o700);
      expect((await second().files().lstat(`${TOP}/x`)).type).toBe('directory');
      await second().files().remove(`${TOP}/x`);
      await second().files().symlink(`${TOP}/x`, 'nowhere');
      expect(await first().files().readlink(`${TOP}/x`)).toBe('nowhere');
    });

    it('links, and what is stored under one name is there under the others', async () => {
      await first().write(`${TOP}/a`, 'contents');
      expect(await second().read(`${TOP}/a`)).toBe('contents');
      await first().files().link(`${TOP}/a`, `${TOP}/b`);
      expect((await second().files().lstat(`${TOP}/a`)).linkCount).toBe(2);
      await second().write(`${TOP}/b`, 'other contents');
      expect(await first().read(`${TOP}/a`)).toBe('other contents');
      await first().files().remove(`${TOP}/a`);
      expect((await second().files().lstat(`${TOP}/b`)).linkCount).toBe(1);
      expect(await second().read(`${TOP}/b`)).toBe('other contents');
    });

    it('sets: mode, time and owner', async () => {
      const anna = await realm().addUser('anna');
      await first().write(`${TOP}/f`, 'contents');
      await second().files().lstat(`${TOP}/f`);
      await first().files().setattr(`${TOP}/f`, { mode: 0o600, modified: 1_000_000_000_000, owner: anna });
      expect(await second().files().lstat(`${TOP}/f`)).toMatchObject({
        mode: 0o600,
        modified: 1_000_000_000_000,
        ownerName: 'anna',
      });
      await first().files().setattr(`${TOP}/f`, { mode: 0o000 });
      expect(await outcome(second().read(`${TOP}/f`))).toBe('EACCES');
    });

    it('grants and takes away by access lists', async () => {
      await realm().addUser('anna');
      await second().login('anna', ANNA);
      await first().files().mkdir(`${TOP}/d`, 0o755);
      await first().write(`${TOP}/d/f`, 'contents');
      expect(await second().read(`${TOP}/d/f`, ANNA)).toBe('contents');
      expect(await outcome(second().write(`${TOP}/d/f`, 'hers', ANNA))).toBe('EACCES');
      await setAcl(first(), 'd', '2\n0\nanna 127\noperator 127\n');
      await second().write(`${TOP}/d/f`, 'hers', ANNA);
      expect(await first().read(`${TOP}/d/f`)).toBe('hers');
      await setAcl(first(), 'd', '1\n0\noperator 127\n');
      expect(await outcome(second().read(`${TOP}/d/f`, ANNA))).toBe('EACCES');
      expect(await outcome(second().names(`${TOP}/d`, ANNA))).toBe('EACCES');
      expect(await second().read(`${TOP}/d/f`, OPERATOR)).toBe('hers');
    });

    it('has in directories of more than a page', async () => {
      await first().files().mkdir(`${TOP}/d`, 0o755);
      expect(await second().names(`${TOP}/d`)).toEqual([]);
      const names = Array.from({ length: 1100 }, (_, at) => `n${at}`);
      await Promise.all(names.map((name) => first().files().symlink(`${TOP}/d/${name}`, name)));
      expect(await second().names(`${TOP}/d`)).toEqual([...names].sort());
      await second().files().remove(`${TOP}/d/n7`);
      expect(await first().names(`${TOP}/d`)).toEqual(names.filter((name) => name !== 'n7').sort());
    });
  });

  describe('one that was cut off', () => {
    beforeEach(async () => {
      await first().files().mkdir(`${TOP}/d`, 0o755);
      await first().write(`${TOP}/d/f`, 'old');
      await first().write(`${TOP}/d/never read`, 'unknown');
      expect(await second().read(`${TOP}/d/f`)).toBe('old');
    });

    it('reads what it has, and has no answer for what it has not', async () => {
      await second().cut();
      await first().write(`${TOP}/d/f`, 'new');
      expect(await second().read(`${TOP}/d/f`)).toBe('old');
      expect(await second().names(`${TOP}/d`)).toEqual(['f', 'never read']);
      expect(await outcome(second().read(`${TOP}/d/never read`))).toBe('ETIMEDOUT');
      expect(await outcome(second().read(`${TOP}/d/no such name`))).toBe('ENOENT');
    });

    it('sees all that was done meanwhile when it is healed', async () => {
      await second().names(TOP);
      await second().cut();
      await first().write(`${TOP}/d/f`, 'new');
      await first().files().remove(`${TOP}/d/never read`);
      await first().files().rename(`${TOP}/d`, `${TOP}/e`);
      await first().write(`${TOP}/e/g`, 'g');
      expect(await second().read(`${TOP}/d/f`)).toBe('old');
      await second().heal();
      expect(await outcome(second().read(`${TOP}/d/f`))).toBe('ENOENT');
      expect(await second().read(`${TOP}/e/f`)).toBe('new');
      expect(await second().names(`${TOP}/e`)).toEqual(['f', 'g']);
      await expectSame();
    });

    it('sees what was done meanwhile even if it did not notice that it was cut off', async () => {
      realm().network.cut('two', 's1');
      await first().write(`${TOP}/d/f`, 'new');
      realm().network.heal('two', 's1');
      await until(async () => (await second().read(`${TOP}/d/f`)) === 'new');
    });

    it('was rid of a right', async () => {
      await second().cut();
      await setAcl(first(), 'd', '1\n0\nSystem:Administrators 127\n');
      await second().heal();
      await realm().addUser('anna');
      await second().login('anna', ANNA);
      expect(await outcome(second().read(`${TOP}/d/f`, ANNA))).toBe('EACCES');
    });

    it('knows the rights that each of its users had, though only one of them has looked since', async () => {
      await realm().addUser('anna');
      await second().login('anna', ANNA);
      expect(await second().read(`${TOP}/d/f`, ANNA)).toBe('old');
      await first().write(`${TOP}/d/new`, 'new');
      expect(await second().names(`${TOP}/d`)).toContain('new');
      await second().cut();
      expect(await second().read(`${TOP}/d/f`, ANNA)).toBe('old');
      expect(await second().names(`${TOP}/d`, ANNA)).toContain('new');
    });

    it('asks for the rights of each user again when it is healed', async () => {
      await realm().addUser('anna');
      await second().login('anna', ANNA);
      expect(await second().read(`${TOP}/d/f`, ANNA)).toBe('old');
      await second().cut();
      await setAcl(first(), 'd', '1\n0\noperator 127\n');
      expect(await second().read(`${TOP}/d/f`, ANNA)).toBe('old');
      await second().heal();
      expect(await second().read(`${TOP}/d/f`)).toBe('old');
      expect(await outcome(second().read(`${TOP}/d/f`, ANNA))).toBe('EACCES');
      await second().cut();
      expect(await outcome(second().read(`${TOP}/d/f`, ANNA))).toBe('EACCES');
    });

    it('reads what it had, restarted, and validates it when it is healed', async () => {
      await second().cut();
      await second().restart();
      expect(await second().read(`${TOP}/d/f`)).toBe('old');
      expect(await outcome(second().read(`${TOP}/d/never read`))).toBe('ETIMEDOUT');
      await first().write(`${TOP}/d/f`, 'new');
      await second().heal();
      expect(await second().read(`${TOP}/d/f`)).toBe('new');
    });

    it('fetches contents again only if they have changed', async () => {
      await second().read(`${TOP}/d/never read`);
      await second().cut();
      await first().write(`${TOP}/d/f`, 'new');
      await second().heal();
      let fetches = 0;
      second().link.before = (name) => {
        if (name === 'openFetch') fetches += 1;
      };
      expect(await second().read(`${TOP}/d/never read`)).toBe('unknown');
      expect(fetches).toBe(0);
      expect(await second().read(`${TOP}/d/f`)).toBe('new');
      expect(fetches).toBe(1);
    });
  });
});
