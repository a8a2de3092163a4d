import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { canOptimise, optimise } from '../../../../src/venus/client/log/optimise.ts';
import type { LogRecord } from '../../../../src/venus/client/log/record.ts';
import type { Mutation } from '../../../../src/venus/net/mutation.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { anyChange, prelude } from '../../../support/treeOperations.ts';
import { ROOT, collect, rootOf, useRealm } from '../../support.ts';
import { doInCoda, treeInCoda } from '../localTree.ts';

const parent = rootOf(ROOT);
const fid = { volume: ROOT, vnode: 2, unique: 7 };
const folder = { volume: ROOT, vnode: 3, unique: 8 };
const name = 'name';

const create: Mutation = { op: 'create', parent, name, fid, mode: 0o644 };
const symlink: Mutation = { op: 'symlink', parent, name, fid, mode: 0o777, target: 'x' };
const mkdir: Mutation = { op: 'mkdir', parent, name, fid: folder, mode: 0o755 };
const rmdir: Mutation = { op: 'rmdir', parent, name, fid: folder };
const store: Mutation = { op: 'store', fid, length: 5 };
const chmod: Mutation = { op: 'chmod', fid, mode: 0o600 };
const chown: Mutation = { op: 'chown', fid, owner: 7 };
const utimes: Mutation = { op: 'utimes', fid, modified: 7000 };
const link: Mutation = { op: 'link', parent, name: 'other', fid };
const rename: Mutation = {
  op: 'rename',
  fromParent: parent,
  fromName: name,
  toParent: folder,
  toName: 'new',
  fid,
};
const remove = (linkCount: number): Mutation => ({ op: 'remove', parent, name, fid, linkCount });

const everyKind = [
  create,
  symlink,
  mkdir,
  rmdir,
  store,
  chmod,
  chown,
  utimes,
  link,
  rename,
  remove(1),
  remove(2),
];

/** What a mutation takes out of a log, by the places in it, and whether it is logged itself. */
function optimised(log: readonly Mutation[], added: Mutation, isAlone = true) {
  const records = log.map((mutation, sequence): LogRecord => {
    return {
      sequence,
      storeId: { host: 1, unique: sequence },
      time: 0,
      uid: 1,
      viceId: 1,
      mutation,
      path: '',
    };
  });
  const { cancelled, needed } = optimise(added, records, isAlone);
  return { cancelled: cancelled.map(({ sequence }) => sequence).sort(), needed };
}

const keeps = (...cancelled: number[]) => ({ cancelled, needed: true });
const vanishes = (...cancelled: number[]) => ({ cancelled, needed: false });

describe('a store', () => {
  it('makes earlier stores of its file needless, and times that were set', () => {
    expect(optimised([create, store, chmod, utimes, rename], store)).toEqual(keeps(1, 3));
  });
  it('leaves stores before a change of owner', () => {
    expect(optimised([store, chown, store], store)).toEqual(keeps(2));
  });
  it('leaves those of other files', () => {
    const others = { ...store, fid: { ...fid, vnode: 4 } };
    const successor = { ...store, fid: { ...fid, unique: 8 } };
    expect(optimised([others, successor], store)).toEqual(keeps());
  });
});

describe('an attribute', () => {
  it('is needed once: the last time, the last owner', () => {
    expect(optimised([utimes, chown, utimes], utimes)).toEqual(keeps(0, 2));
    expect(optimised([utimes, chown, store], chown)).toEqual(keeps(1));
  });
  it('is needed before a store that it allowed: a mode', () => {
    expect(optimised([chmod, store, chmod, rename], chmod)).toEqual(keeps(2));
  });
});

describe('a new object, another name, or a name less of several', () => {
  it('makes nothing needless, so that no earlier record has to be read', () => {
    const adding = everyKind.filter((mutation) => !canOptimise(mutation));
    expect(adding).toEqual([create, symlink, mkdir, link, rename, remove(2)]);
    for (const added of adding) expect(optimised(everyKind, added)).toEqual(keeps());
  });
});

describe('a removal', () => {
  it('makes all vanish that began in the log', () => {
    expect(optimised([create, store, chmod, chown, utimes], remove(1))).toEqual(vanishes(0, 1, 2, 3, 4));
    expect(optimised([symlink], remove(1))).toEqual(vanishes(0));
    expect(optimised([mkdir], rmdir)).toEqual(vanishes(0));
  });
  it('of what was there before is needed, contents and attributes are not', () => {
    expect(optimised([store, chmod, utimes], remove(1))).toEqual(keeps(0, 1, 2));
    expect(optimised([], rmdir)).toEqual(keeps());
  });
  it('of one of several names takes nothing away', () => {
    expect(optimised([create, store, link], remove(2))).toEqual(keeps());
  });
  it('leaves what moved, since others may have taken its names', () => {
    expect(optimised([create, store, rename], remove(1))).toEqual(keeps(1));
    expect(optimised([create, link, chmod, remove(2)], remove(1))).toEqual(keeps(2));
  });
  it('of a directory with records about its entries takes nothing away', () => {
    const moved: Mutation = { ...rename, fromParent: folder, toParent: parent };
    expect(optimised([mkdir, moved], rmdir, false)).toEqual(keeps());
  });
});

describe('in the log of a client', () => {
  const realm = useRealm();
  const open = useClients(realm);
  const top = '/test.realm';
  const operations = (client: TestClient) => client.records().map(({ mutation }) => mutation.op);

  const openWriting = async () => {
    const client = await open('optimised');
    await client.names(top);
    await client.writeDisconnect(1e6);
    return client;
  };

  it('many stores of a file are one, and take the room of one', async () => {
    const client = await openWriting();
    for (let at = 0; at < 20; at++) await client.write(`${top}/f`, `contents ${at}`);
    expect(operations(client)).toEqual(['create', 'store']);
    expect(client.log()).toMatchObject({ entries: 2, bytes: 2 * 280 + 'contents 19'.length });
    await client.drained();
    expect(await (await open('two')).read(`${top}/f`)).toBe('contents 19');
  });

  it('a tree that was made and removed leaves nothing', async () => {
    const client = await openWriting();
    for (const path of ['d', 'd/e', 'd/e/f']) await client.files().mkdir(`${top}/${path}`, 0o755);
    await client.write(`${top}/d/e/f/g`, 'contents');
    await client.files().symlink(`${top}/d/e/link`, 'g');
    for (const path of ['d/e/link', 'd/e/f/g', 'd/e/f', 'd/e', 'd'])
      await client.files().remove(`${top}/${path}`);
    expect(client.log()).toEqual({ entries: 0, bytes: 0, owner: undefined });
  });

  it('what was made while no server could be reached is not taken for sent, and comes to nothing', async () => {
    const client = await open('optimised');
    // With this it gets fids for what it makes later.
    await client.write(`${top}/before`, 'before');
    await client.cut();
    for (const contents of ['old', 'new']) {
      await client.write(`${top}/f`, contents);
      await client.write(`${top}/g`, contents);
      await client.manager.reintegrator.force(ROOT);
    }
    expect(operations(client)).toEqual(['create', 'create', 'store', 'store']);
    await client.restart();
    await client.manager.reintegrator.force(ROOT);
    await client.files().remove(`${top}/f`);
    expect(operations(client)).toEqual(['create', 'store']);
    expect(client.manager.reintegrator.obstacle(ROOT)).toBe('unreachable');
    await client.heal();
    await client.drained();
    const other = await open('two');
    expect(await other.names(top)).toEqual(['before', 'g']);
    expect(await other.read(`${top}/g`)).toBe('new');
  });

  it('what may have been sent stays: a removal of it is needed', async () => {
    const client = await openWriting();
    await client.write(`${top}/f`, 'contents');
    client.link.loseAnswers();
    await client.manager.reintegrator.force(ROOT);
    expect(operations(client)).toEqual(['create', 'store']);
    await client.files().remove(`${top}/f`);
    expect(operations(client)).toEqual(['create', 'store', 'remove']);
    await client.drained();
    expect(await (await open('two')).names(top)).toEqual([]);
  });

  it('what may have been sent stays after a restart, too', async () => {
    const client = await openWriting();
    await client.write(`${top}/f`, 'contents');
    client.link.loseAnswers();
    await client.manager.reintegrator.force(ROOT);
    await client.restart();
    await client.files().remove(`${top}/f`);
    await client.files().mkdir(`${top}/f`, 0o755);
    await client.drained();
    expect((await (await open('two')).files().lstat(`${top}/f`)).type).toBe('directory');
  });

  /** The tree, and the times of its files. */
  const stateOf = async (client: TestClient, path: string): Promise<unknown> => {
    const times: string[] = [];
    const visit = async (directory: string) => {
      for (const entry of await collect(client.files().readdir(directory))) {
        const inside = `${directory}/${entry.name}`;
        const { type, modified } = await client.files().lstat(inside);
        if (type === 'directory') await visit(inside);
        else times.push(`${inside.slice(path.length)} ${modified}`);
      }
    };
    await visit(path);
    return { tree: await treeInCoda(client.files(), path), times: times.sort() };
  };

  it('any changes lead to the state that they lead to without one', async () => {
    const [plain, fresh] = [await open('plain'), await open('fresh')];
    const client = await openWriting();
    let runs = 0;
    const change = fc.oneof(
      { weight: 20, arbitrary: anyChange },
      { weight: 1, arbitrary: fc.constantFrom('send', 'send, and lose the answer') },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 50, size: 'max' }), async (changes) => {
        const [with_, without] = [`${top}/with${++runs}`, `${top}/without${runs}`];
        await plain.files().mkdir(without, 0o755);
        await client.files().mkdir(with_, 0o755);
        for (const each of [...prelude, ...changes]) {
          if (typeof each === 'string') {
            client.link.loseAnswers(each === 'send' ? 0 : 1);
            await client.manager.reintegrator.force(ROOT);
            await treeInCoda(client.files(), with_);
            continue;
          }
          const expected = await doInCoda(plain.files(), without, each);
          expect({ each, end: await doInCoda(client.files(), with_, each) }).toEqual({ each, end: expected });
          realm().clock.advance(1000);
        }
        client.link.loseAnswers(0);
        await client.drained();
        const expected = await stateOf(fresh, without);
        expect(await stateOf(fresh, with_)).toEqual(expected);
        expect(await stateOf(client, with_)).toEqual(expected);
      }),
      { numRuns: 15, seed: 20_261_121 },
    );
  }, 300_000);
});
