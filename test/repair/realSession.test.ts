import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentsOf } from './memory/nodes.ts';
import { dialogue, results, serverOf, tangle, watchForLoss } from './realCases.ts';
import { Executioner, Killed, OBJECT, RealLab, settle } from './realSupport.ts';

let lab: RealLab;

const entriesOf = async (path: string): Promise<readonly string[]> => {
  const names: string[] = [];
  for await (const { name } of lab.files.readdir(path)) names.push(name);
  return names.sort();
};

beforeEach(() => {
  lab = dialogue();
});
afterEach(() => lab.end());

describe('a repair session at a real Coda', () => {
  it('begins as the repair tools of Coda do', async () => {
    const session = await lab.tool().begin(OBJECT);
    expect(await entriesOf(OBJECT)).toEqual(['_localcache', 's1.coda.test', 's2.coda.test']);
    expect(await session.document()).toMatchObject({
      path: OBJECT,
      type: 'directory',
      kind: 'local/global',
      client: 'laptop',
      servers: ['s1.coda.test', 's2.coda.test'],
      isResumed: false,
      current: 0,
      mutations: [
        { mutation: { op: 'mkdir', path: 'figs' } },
        { mutation: { op: 'store', path: 'paper.tex' } },
      ],
    });
    // Collapsed for as long as the first record is asked about.
    const expanding = lab.venus.asked.indexOf(`192 ${OBJECT}`);
    expect(lab.venus.asked.slice(expanding)).toEqual([
      `192 ${OBJECT}`,
      `197 ${OBJECT}/s1.coda.test`,
      `244 ${OBJECT}`,
      '197 /coda.test/u',
      `197 ${OBJECT}/_localcache`,
      `244 ${OBJECT}/_localcache`,
    ]);
  });

  it('settles the dialogue: what is discarded is discarded, what is free is sent by venus', async () => {
    const session = await lab.tool().begin(OBJECT);
    expect(await session.check()).toMatchObject({ verdict: { obstruction: 'exists', target: 'figs' } });
    expect(await session.preserve()).toMatchObject({ kind: 'refused' });
    expect(await session.discard()).toMatchObject({ kind: 'done', decision: 'discarded' });
    expect(await session.check()).toMatchObject({ verdict: { kind: 'no conflict' } });
    expect(await session.preserve()).toMatchObject({ kind: 'done', decision: 'preserved' });
    expect(lab.venus.discarded).toEqual([]);
    expect(session.canAbort).toBe(true);
    expect(await session.commit()).toEqual({ kind: 'done', performed: 1, discarded: 1 });
    expect(lab.venus.discarded).toEqual(['Mkdir \t/coda/coda.test/u/cscw/figs']);
    expect(lab.venus.sent).toEqual(['Store \t/coda/coda.test/u/cscw/paper.tex (length = 19603)']);
    expect(lab.files.changes).toEqual([]);
    expect(serverOf(lab)).toEqual(results['dialogue']?.mine);
    expect(readdirSync(join(lab.state, 'coda', 'repair'))).toEqual([]);
  });

  it('takes decisions back, and leaves all as it was', async () => {
    const session = await lab.tool().begin(OBJECT);
    await session.discard();
    await session.preserve();
    expect(await session.undo()).toMatchObject({ op: 'store' });
    expect(await session.undo()).toMatchObject({ op: 'mkdir' });
    expect(await session.undo()).toBeUndefined();
    await session.discard();
    await session.abort();
    expect(lab.venus.isExpanded).toBe(false);
    expect(lab.venus.log).toHaveLength(2);
    expect(lab.venus.discarded).toEqual([]);
    expect(await lab.files.readlink(OBJECT)).toMatch(/^@/);
  });

  it('offers what is found expanded for going on with', async () => {
    await lab.tool().begin(OBJECT);
    const session = await lab.tool().begin(OBJECT);
    expect(await session.document()).toMatchObject({ isResumed: true, current: 0 });
    await settle(session, 'server');
    expect(serverOf(lab)).toEqual(results['dialogue']?.server);
  });

  it('refuses what is not in conflict, and sends nothing but questions', async () => {
    await expect(lab.tool().begin('/coda.test/u')).rejects.toThrow('Object not in conflict');
    expect(lab.venus.asked.filter((asked) => !asked.startsWith('197'))).toEqual([]);
  });

  it('names the records of other objects that are ahead, and collapses', async () => {
    const { venus } = lab;
    venus.log.unshift({
      line: { op: 'create', path: '/coda/coda.test/u/other/file' },
      id: 1,
      version: 1,
      contents: '',
      isMarked: true,
    });
    await expect(lab.tool().begin(OBJECT)).rejects.toMatchObject({
      message: `Other objects are ahead of /coda${OBJECT} in the modify log`,
      why: 'Venus settles its log from the front, and that is: Create /coda/coda.test/u/other/file',
      next: 'Repair the objects of these records first.',
    });
    expect(venus.isExpanded).toBe(false);
  });

  it('says what to do about a rename that leads out of the object, and collapses', async () => {
    const { venus } = lab;
    venus.locally({ op: 'rename', from: 'cscw/paper.tex', to: 'paper.tex' });
    await expect(lab.tool().begin(OBJECT)).rejects.toMatchObject({
      message: `Rename /coda${OBJECT}/paper.tex (to: /coda/coda.test/u/paper.tex) leads out of /coda${OBJECT}, or into it`,
      next: 'Make a checkpoint and give the log up: cfs checkpointml, cfs purgeml; then make it anew with coda rescue.',
    });
    expect(venus.isExpanded).toBe(false);
    expect(venus.log).toHaveLength(3);
    expect(venus.discarded).toEqual([]);
  });

  it('settles nothing behind what is skipped', async () => {
    const session = await lab.tool().begin(OBJECT);
    await session.skip();
    expect(await session.preserve()).toMatchObject({
      kind: 'refused',
      verdict: { obstruction: 'dependent' },
    });
    expect(await session.discard()).toMatchObject({ kind: 'refused' });
    await session.skip();
    expect(await session.commit()).toEqual({ kind: 'done', performed: 0, discarded: 0 });
    expect(lab.venus.log).toHaveLength(2);
    expect(lab.venus.isExpanded).toBe(false);
  });

  it('makes nothing anew while something of the object stays in the log', async () => {
    const session = await lab.tool().begin(OBJECT);
    lab.venus.others('cscw/paper.tex', 'their paper');
    await session.preserve({ onConflict: 'rename', name: 'mine' });
    await session.preserve({ onConflict: 'replace' });
    await session.undo();
    lab.venus.put(lab.venus.server, 'cscw/other', lab.venus.node('file', ''));
    await session.commit();
    expect(lab.venus.log).toHaveLength(1);
  });

  it('leaves nothing out by itself that venus would send, as long as others are behind it', async () => {
    const { venus } = lab;
    venus.locally({ op: 'create', path: 'other' });
    const session = await lab.tool().begin(OBJECT);
    await session.discard();
    await session.discard();
    await expect(session.commit()).rejects.toMatchObject({
      message: `Store /coda${OBJECT}/paper.tex (length = 19603) cannot be left out by itself`,
    });
    expect(venus.discarded).toEqual([]);
    expect(venus.log).toHaveLength(3);
    expect(session.canAbort).toBe(true);
    await session.undo();
    await session.preserve();
    expect(await session.commit()).toMatchObject({ kind: 'done', performed: 1, discarded: 1 });
    expect(serverOf(lab)).toEqual({ ...results['dialogue']?.mine, other: '' });
  });

  it('saves anew what a commit that was given up had saved', async () => {
    lab.end();
    lab = tangle();
    const { venus } = lab;
    watchForLoss(lab, 'mine');
    venus.locally({ op: 'create', path: 'other' });
    const session = await lab.tool().begin(OBJECT);
    for (let count = 0; count < 6; count++) await session.preserve({ onConflict: 'replace' });
    await session.discard();
    await expect(session.commit()).rejects.toThrow('Symlink /coda/coda.test/u/cscw/link');
    expect(readdirSync(join(lab.state, 'coda', 'repair'))).toEqual([]);
    await session.undo();
    await session.preserve();
    expect(await session.commit()).toMatchObject({ kind: 'done', performed: 7 });
    expect(serverOf(lab)).toEqual({ ...results['tangle']?.mine, other: '' });
  });

  it('throws nothing away that came to the log meanwhile', async () => {
    const { venus } = lab;
    const session = await lab.tool().begin(OBJECT);
    await session.discard();
    await session.discard();
    venus.locally({ op: 'create', path: 'other' });
    await expect(session.commit()).rejects.toThrow('cannot be left out by itself');
    expect(venus.log).toHaveLength(3);
    expect(venus.discarded).toEqual([]);
  });

  it('tells of a record that the servers refuse after all, before anything is lost', async () => {
    lab.end();
    lab = new RealLab();
    const { venus } = lab;
    venus.common((root) => venus.put(root, 'cscw', venus.node('directory')));
    venus.locally({ op: 'mkdir', path: 'cscw/figs' });
    venus.denied = ['cscw'];
    venus.reintegrate();
    const session = await lab.tool().begin(OBJECT);
    expect(await session.check()).toMatchObject({ verdict: { obstruction: 'denied' } });
    expect(await session.preserve({ onConflict: 'replace' })).toMatchObject({ kind: 'refused' });
    venus.denied = [];
    const later = await lab.tool().begin(OBJECT);
    expect(await later.preserve()).toMatchObject({ kind: 'done' });
    venus.denied = ['cscw'];
    expect(await later.commit()).toMatchObject({ kind: 'overtaken', verdict: { obstruction: 'denied' } });
    expect(venus.discarded).toEqual([]);
    expect(venus.isExpanded).toBe(true);
    venus.denied = [];
    expect(await later.commit()).toMatchObject({ kind: 'done', performed: 1 });
    expect(contentsOf(venus.server)).toHaveProperty('cscw/figs');
  });

  it('gives a request up that is not answered', async () => {
    lab.venus.pioctl = () => new Promise(() => undefined);
    await expect(lab.tool(undefined, 300, 20).begin(OBJECT)).rejects.toMatchObject({ code: 'time-limit' });
  });

  it('keeps saved data and the journal from others', async () => {
    lab.end();
    lab = tangle();
    const { venus } = lab;
    const seen: number[] = [];
    venus.onDiscard = () => {
      const [id = ''] = readdirSync(join(lab.state, 'coda', 'repair'));
      const directory = join(lab.state, 'coda', 'repair', id);
      const files = readdirSync(join(directory, 'data')).map((name) => join(directory, 'data', name));
      for (const path of [directory, join(directory, 'data'), join(directory, 'journal.json'), ...files])
        seen.push(statSync(path).mode & 0o777);
    };
    await settle(await lab.tool().begin(OBJECT), 'both');
    expect(new Set(seen)).toEqual(new Set([0o700, 0o600]));
  });

  it('does not commit what another process commits', async () => {
    const session = await lab.tool().begin(OBJECT);
    const { id } = await session.document();
    const directory = join(lab.state, 'coda', 'repair');
    await (
      await lab.journals.lock(id)
    )();
    writeFileSync(join(directory, `${id}.lock`), String(process.ppid));
    await expect(settle(session, 'server')).rejects.toThrow(
      `Another process (${process.ppid}) commits the same repair`,
    );
    expect(lab.venus.log).toHaveLength(2);
    // One that has ended holds nothing.
    writeFileSync(join(directory, `${id}.lock`), '4194305');
    await settle(session, 'server');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does not put its own work in the place of another that was interrupted', async () => {
    const [first, second] = [await lab.tool().begin(OBJECT), await lab.tool().begin(OBJECT)];
    lab.venus.onDiscard = () => {
      throw new Killed();
    };
    await first.discard();
    await first.preserve();
    await expect(first.commit()).rejects.toThrow(Killed);
    await expect(settle(second, 'server')).rejects.toThrow();
    lab.venus.onDiscard = () => undefined;
    await second.abort();
    await settle(await lab.tool().begin(OBJECT), 'server');
    expect(serverOf(lab)).toEqual(results['dialogue']?.mine);
  });

  it('does not take a changed journal for its own', async () => {
    const executioner = new Executioner();
    const session = await lab.tool(executioner).begin(OBJECT);
    lab.venus.onDiscard = () => {
      throw new Killed();
    };
    await expect(settle(session, 'server')).rejects.toThrow(Killed);
    const [id = ''] = readdirSync(join(lab.state, 'coda', 'repair'));
    const file = join(lab.state, 'coda', 'repair', id, 'journal.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"version":1', '"version":7'));
    await expect(lab.tool().begin(OBJECT)).rejects.toThrow(`${file} cannot be understood`);
    expect(existsSync(file)).toBe(true);
  });
});
