import { beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../src/ipc/repairs.ts';
import type { Repair } from '../../../../src/venus/client/repair/repair.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, ROOT, outcome, raise, until, useRealm } from '../../support.ts';
import { treeInCoda } from '../localTree.ts';

const realm = useRealm();
const open = useClients(realm);
const top = '/test.realm';
const object = `${top}/cscw`;
const ANNA = 4242;
let laptop: TestClient;
let desk: TestClient;

/** What both have: a directory with a paper. */
beforeEach(async () => {
  [laptop, desk] = [await open('laptop'), await open('desk')];
  await laptop.files().mkdir(object, 0o755);
  await laptop.write(`${object}/paper.tex`, 'first draft');
  await laptop.names(object);
  await laptop.read(`${object}/paper.tex`);
});

/** What one does without the network and the other meanwhile with it ends as a conflict. */
async function conflictOf(mine: () => Promise<void>, theirs: () => Promise<void>): Promise<void> {
  await laptop.cut();
  await mine();
  await theirs();
  await laptop.heal();
  await until(() => laptop.manager.reintegrator.obstacle(ROOT) === 'conflict');
}

async function begin(path = object): Promise<Repair> {
  const { fid } = await fidOf(path);
  const { repair } = await laptop.manager.repairs.begin(fid, OPERATOR);
  return repair;
}

async function fidOf(path: string) {
  const [parent, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
  const session = laptop.session();
  const { identity } = (await laptop.files().resolve(parent)).status;
  const [volume = 0, vnode = 0, unique = 0] = identity.split(/[.@]/).map((part) => Number.parseInt(part, 16));
  return session.lookup({ volume, vnode, unique }, name);
}

/** Both made `figs`; he stored the paper, too. */
const seed = () =>
  conflictOf(
    async () => {
      await laptop.files().mkdir(`${object}/figs`, 0o755);
      await laptop.write(`${object}/paper.tex`, 'second draft');
    },
    async () => {
      await desk.files().mkdir(`${object}/figs`, 0o755);
      await desk.write(`${object}/figs/one.fig`, 'one');
    },
  );

const said = (verdict: Verdict | undefined) =>
  verdict?.kind === 'conflict' ? `${verdict.obstruction} ${verdict.target}` : verdict?.kind;

describe('an object in conflict', () => {
  beforeEach(seed);

  it('shows as a link to its fid, which leads nowhere', async () => {
    const { fid } = await fidOf(object);
    const hex = [fid.volume, fid.vnode, fid.unique].map((part) => part.toString(16).padStart(8, '0'));
    expect(await laptop.files().readlink(object)).toBe(`@${hex.join('.')}@test.realm.`);
    expect(await laptop.names(top)).toEqual(['cscw']);
    expect(await outcome(laptop.read(`${object}/paper.tex`))).toBe('ENOENT');
    expect(await outcome(laptop.files().remove(object))).toBe('EPERM');
    expect(await outcome(laptop.files().rename(object, `${top}/other`))).toBe('EPERM');
  });

  it('shows as a directory of its versions while it is under repair', async () => {
    await begin();
    expect(await laptop.names(object)).toEqual(['global', 'local']);
    expect(await laptop.names(`${object}/local`)).toEqual(['figs', 'paper.tex']);
    expect(await laptop.read(`${object}/local/paper.tex`)).toBe('second draft');
    expect(await laptop.names(`${object}/local/figs`)).toEqual([]);
    expect(await laptop.read(`${object}/global/paper.tex`)).toBe('first draft');
    expect(await laptop.read(`${object}/global/figs/one.fig`)).toBe('one');
  });

  it('cannot be changed but below global', async () => {
    await begin();
    expect(await outcome(laptop.write(`${object}/local/x`, 'x'))).toBe('EROFS');
    expect(await outcome(laptop.write(`${object}/local/paper.tex`, 'x'))).toBe('EROFS');
    expect(await outcome(laptop.files().mkdir(`${object}/x`, 0o755))).toBe('EROFS');
    expect(await outcome(laptop.files().rename(`${object}/local/figs`, `${object}/global/f`))).toBe('EROFS');
    await laptop.write(`${object}/global/by hand`, 'x');
    expect(await laptop.read(`${object}/global/by hand`)).toBe('x');
    expect(await desk.names(object)).toEqual(['figs', 'paper.tex']);
  });
});

describe('a session', () => {
  beforeEach(seed);

  const walkThrough = async () => {
    const repair = await begin();
    const { mutations, current } = await repair.document(false);
    expect(mutations.map(({ mutation }) => `${mutation.op} ${mutation.path}`)).toEqual([
      'mkdir figs',
      'store paper.tex',
    ]);
    expect(current).toBe(0);
    expect(said((await repair.check())?.verdict)).toBe('exists figs');
    expect((await repair.preserve(undefined)).kind).toBe('refused');
    expect((await repair.discard()).kind).toBe('done');
    expect(said((await repair.check())?.verdict)).toBe('no conflict');
    expect((await repair.preserve(undefined)).kind).toBe('done');
    expect(await repair.check()).toBeUndefined();
    return repair;
  };

  it('sends its result as a whole, and the conflict is over', async () => {
    const { modified } = await laptop.localVersion().lstat(`${object}/paper.tex`);
    realm().clock.advance(60_000);
    const repair = await walkThrough();
    await laptop.write(`${object}/global/notes`, 'made by hand');
    expect(await desk.read(`${object}/paper.tex`)).toBe('first draft');
    expect(await repair.commit()).toEqual({ kind: 'done', performed: 1, discarded: 1 });
    expect((await desk.files().lstat(`${object}/paper.tex`)).modified).toBe(modified);
    expect(laptop.log().entries).toBe(0);
    const expected = ['figs', 'notes', 'paper.tex'];
    for (const client of [laptop, desk]) {
      expect(await client.names(object)).toEqual(expected);
      expect(await client.read(`${object}/paper.tex`)).toBe('second draft');
      expect(await client.read(`${object}/figs/one.fig`)).toBe('one');
    }
  });

  it('leaves everything as it was when it is aborted', async () => {
    const [records, theirs] = [laptop.records(), await treeInCoda(desk.files(), object)];
    const repair = await walkThrough();
    await laptop.write(`${object}/global/notes`, 'made by hand');
    await repair.abort();
    expect(laptop.records()).toEqual(records);
    expect(await treeInCoda(desk.files(), object)).toEqual(theirs);
    expect((await laptop.files().lstat(object)).type).toBe('symlink');
    await begin();
    expect(await laptop.names(`${object}/global`)).toEqual(['figs', 'paper.tex']);
    expect(await laptop.read(`${object}/local/paper.tex`)).toBe('second draft');
  });

  it('goes on where it was after a restart of venus', async () => {
    await walkThrough();
    await laptop.restart();
    expect(await laptop.names(object)).toEqual(['global', 'local']);
    const { fid } = await fidOf(object);
    const repair = laptop.manager.repairs.of(fid) ?? raise('the session is gone');
    expect(await repair.check()).toBeUndefined();
    expect((await repair.commit()).kind).toBe('done');
    expect(await desk.read(`${object}/paper.tex`)).toBe('second draft');
  });

  it('takes decisions back, one after the other', async () => {
    const repair = await walkThrough();
    expect((await repair.undo())?.path).toBe('paper.tex');
    expect(await laptop.read(`${object}/global/paper.tex`)).toBe('first draft');
    expect((await repair.undo())?.path).toBe('figs');
    expect(await repair.undo()).toBeUndefined();
    expect(said((await repair.check())?.verdict)).toBe('exists figs');
  });

  it('sends nothing when others have changed what it was based on, and stays', async () => {
    const repair = await walkThrough();
    await desk.write(`${object}/paper.tex`, 'their draft');
    expect(await repair.commit()).toMatchObject({
      kind: 'overtaken',
      verdict: { obstruction: 'updated', target: 'paper.tex' },
    });
    expect(await desk.read(`${object}/paper.tex`)).toBe('their draft');
    expect(laptop.log().entries).toBe(2);
    await repair.undo();
    expect(said((await repair.check())?.verdict)).toBe('updated paper.tex');
    await repair.preserve({ onConflict: 'replace' });
    expect((await repair.commit()).kind).toBe('done');
    expect(await desk.read(`${object}/paper.tex`)).toBe('second draft');
  });

  it('that was sent and did not arrive can be aborted, and does not come later', async () => {
    const theirs = await treeInCoda(desk.files(), object);
    const repair = await walkThrough();
    let late = () => Promise.resolve();
    laptop.link.intercept = (name, send) => {
      if (name !== 'reintegrate') return false;
      late = send;
      return true;
    };
    expect(await outcome(repair.commit())).toBe('ETIMEDOUT');
    laptop.link.intercept = () => false;
    await repair.abort();
    await late();
    expect(await treeInCoda(desk.files(), object)).toEqual(theirs);
    expect((await laptop.files().lstat(object)).type).toBe('symlink');
    expect(laptop.log().entries).toBe(2);
  });

  it('that cannot be sent at all stays as it is, and can be changed or left', async () => {
    const repair = await walkThrough();
    await laptop.cut();
    expect(await outcome(repair.commit())).toBe('ETIMEDOUT');
    expect((await repair.undo())?.path).toBe('paper.tex');
    expect((await repair.discard()).kind).toBe('done');
    await repair.abort();
    expect((await laptop.files().lstat(object)).type).toBe('symlink');
    expect(laptop.log().entries).toBe(2);
  });

  it('whose answer was lost is not aborted, but known to be committed', async () => {
    const repair = await walkThrough();
    laptop.link.loseAnswers();
    expect(await outcome(repair.commit())).toBe('ETIMEDOUT');
    expect(await outcome(repair.abort())).toBe('EBUSY');
    expect(laptop.log().entries).toBe(0);
    expect(await laptop.read(`${object}/paper.tex`)).toBe('second draft');
    expect(await desk.read(`${object}/paper.tex`)).toBe('second draft');
  });

  it('whose answer is lost at the end cannot be changed any more', async () => {
    const repair = await walkThrough();
    laptop.link.loseAnswers();
    expect(await outcome(repair.commit())).toBe('ETIMEDOUT');
    expect(await outcome(repair.undo())).toBe('EBUSY');
    expect(await outcome(repair.abort())).toBe('EBUSY');
    expect(await desk.read(`${object}/paper.tex`)).toBe('second draft');
    expect(laptop.log().entries).toBe(0);
  });

  it('whose answer is lost at the end is committed once', async () => {
    const repair = await walkThrough();
    laptop.link.loseAnswers();
    expect(await outcome(repair.commit())).toBe('ETIMEDOUT');
    expect((await repair.commit()).kind).toBe('done');
    expect(await desk.read(`${object}/paper.tex`)).toBe('second draft');
    expect(laptop.log().entries).toBe(0);
  });
});

describe('a conflict', () => {
  it('because of rights is over when they are back, and the log is sent once more', async () => {
    const set = async (text: string) => {
      const { fid } = await fidOf(object);
      await desk.session().setAcl({ fid, text });
    };
    await realm().addUser('anna');
    await set('2\n0\nanna 127\noperator 127\n');
    await laptop.login('anna', ANNA);
    await laptop.names(object, ANNA);
    await conflictOf(
      () => laptop.write(`${object}/hers`, 'hers', ANNA),
      () => set('2\n0\nanna 9\noperator 127\n'),
    );
    await set('2\n0\nanna 127\noperator 127\n');
    await laptop.manager.reintegrator.force(ROOT);
    expect(laptop.log().entries).toBe(0);
    expect(await desk.read(`${object}/hers`)).toBe('hers');
  });

  it('under repair stays one, so that what is decided is not sent besides', async () => {
    await conflictOf(
      () => laptop.files().mkdir(`${object}/new`, 0o755),
      () => desk.files().mkdir(`${object}/new`, 0o755),
    );
    const repair = await begin();
    await desk.files().remove(`${object}/new`);
    await laptop.manager.reintegrator.force(ROOT);
    expect(laptop.log().entries).toBe(1);
    await repair.abort();
    await laptop.manager.reintegrator.force(ROOT);
    expect(laptop.log().entries).toBe(0);
    expect(await desk.names(object)).toEqual(['new', 'paper.tex']);
  });

  it('is not one for all that follows when the token has ended meanwhile', async () => {
    await seed();
    await laptop.manager.tokens.forget(OPERATOR, 'test.realm');
    const before = laptop.records();
    await laptop.manager.reintegrator.force(ROOT);
    expect(laptop.records()).toEqual(before);
  });

  it('under repair keeps its log from being purged', async () => {
    await seed();
    const repair = await begin();
    expect(await outcome(laptop.session().purge(ROOT, undefined))).toBe('EBUSY');
    await repair.abort();
    expect(await outcome(laptop.session().purge(ROOT, undefined))).toBe('done');
  });
});
