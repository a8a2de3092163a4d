import { describe, expect, it } from 'vitest';
import { errno } from '../../src/ipc/errno.ts';
import { VenusError, VenusUnavailableError } from '../../src/ipc/errors.ts';
import { listed, repairDialogue, typedLines } from '../support/repairDialogue.ts';
import { contentsOf } from './memory/nodes.ts';
import { MemoryBackend } from './memory/session.ts';
import { put } from './memory/state.ts';
import { OBJECT, dialogueRealm, play } from './support.ts';

const dialogue = repairDialogue(OBJECT, listed('Dec 20 00:51', 'global', 'local'));
const typed = typedLines(OBJECT).map(([, line]) => line);

describe('the dialogue', () => {
  it('is as people know it, and the servers hold its result', async () => {
    const realm = dialogueRealm();
    const { typist, run, ending } = await play(realm, typed);
    expect(typist.seen).toBe(dialogue);
    expect(ending).toEqual({ failure: undefined, isInterrupted: false });
    expect(run.standing).toBe('settled');
    expect(contentsOf(realm.state.server)).toEqual({
      figs: 'directory',
      'figs/one.eps': 'one',
      'paper.tex': 'x'.repeat(19603),
    });
    expect(realm.isInConflict).toBe(false);
  });

  it('sends nothing when the question is answered with no', async () => {
    const realm = dialogueRealm();
    const before = structuredClone(realm.state);
    const { typist, run } = await play(realm, [...typed.slice(0, -1), 'no']);
    expect(typist.seen).toContain('everything is as it was before');
    expect(run.standing).toBe('conflict remains');
    expect(realm.state).toEqual({ ...before, nextId: realm.state.nextId });
  });

  it('asks again for an answer that is neither yes nor no', async () => {
    const { typist, run } = await play(dialogueRealm(), [...typed.slice(0, -1), 'perhaps', 'Y']);
    expect(typist.seen).toContain('Please answer yes or no.');
    expect(run.standing).toBe('settled');
  });
});

describe('every way out', () => {
  const ends = ['the end of the input', '^C'];
  const cuts = typed.map((_, at) => at + 1).slice(1);

  it.each(ends.flatMap((end) => cuts.map((at) => [end, at] as const)))(
    '%s after %i lines collapses the object',
    async (end, at) => {
      const realm = dialogueRealm();
      const before = structuredClone(realm.state);
      // The last answer would commit; without it there is no yes.
      const lines = [...typed.slice(0, Math.min(at, typed.length - 1)), ...(end === '^C' ? ['^C'] : [])];
      const { ending, run } = await play(realm, lines);
      expect(ending.isInterrupted).toBe(end === '^C');
      expect(run.state).toBe('idle');
      expect(realm.state).toEqual({ ...before, nextId: realm.state.nextId });
    },
  );

  it('an exception in a command collapses the object, and is told', async () => {
    const realm = dialogueRealm();
    await expect(
      play(realm, [`begin ${OBJECT}`, 'checklocal'], ({ backend }) => {
        backend.before = (what) => {
          if (what === 'check') throw new TypeError('a mistake');
        };
      }),
    ).rejects.toThrow('a mistake');
    expect(realm.state.session).toBeUndefined();
  });

  it('says how to collapse what could not be collapsed because venus is gone', async () => {
    const realm = dialogueRealm();
    const { typist, run, ending } = await play(
      realm,
      [`begin ${OBJECT}`, 'checklocal', 'listlocal'],
      ({ backend }) => {
        let isGone = false;
        backend.before = (what) => {
          isGone ||= what === 'check';
          if (isGone) throw new VenusUnavailableError('venus does not run');
        };
      },
    );
    expect(run.standing).toBe('left expanded');
    expect(ending.failure).toBeInstanceOf(VenusUnavailableError);
    expect(typist.seen).toContain(`${OBJECT} could not be collapsed: venus does not run\n`);
    expect(typist.seen).toContain(`repair ${OBJECT}. Or leave it: cfs endrepair ${OBJECT}`);
    expect(typist.seen).not.toContain('* listlocal');
  });

  it('a signal while venus does not answer a question ends the session as soon as it can', async () => {
    const realm = dialogueRealm();
    const { ending } = await play(
      realm,
      [`begin ${OBJECT}`, 'checklocal', 'listlocal'],
      ({ backend, interruptions }) => {
        backend.before = (what) => {
          if (what !== 'check') return undefined;
          setImmediate(() => interruptions.terminate());
          return new Promise(() => undefined);
        };
      },
    );
    expect(ending.isInterrupted).toBe(true);
    expect(realm.state.session).toBeUndefined();
  });

  it('^C gives up a command that only looks, and the session goes on', async () => {
    const realm = dialogueRealm();
    const { typist, ending } = await play(
      realm,
      [`begin ${OBJECT}`, 'checklocal', 'listlocal'],
      ({ backend, interruptions }) => {
        backend.before = (what) => {
          if (what !== 'check') return undefined;
          setImmediate(() => interruptions.interrupt());
          return new Promise(() => undefined);
        };
      },
    );
    expect(ending.isInterrupted).toBe(false);
    expect(typist.seen).toContain('* listlocal\nlocal mutations are:');
  });

  it('^C during a change waits for it and then ends the session', async () => {
    const realm = dialogueRealm();
    const { typist, ending } = await play(
      realm,
      [`begin ${OBJECT}`, 'discardlocal', 'listlocal'],
      ({ backend, interruptions }) => {
        backend.before = (what) => {
          if (what === 'discard') interruptions.interrupt();
        };
      },
    );
    expect(ending.isInterrupted).toBe(true);
    expect(typist.seen).toContain('discard local mutation mkdir');
    expect(typist.seen).not.toContain('* listlocal');
    expect(realm.state.session).toBeUndefined();
  });

  it('^C ends preserveAllLocal between two mutations', async () => {
    const realm = dialogueRealm();
    const { typist } = await play(
      realm,
      [`begin ${OBJECT}`, 'discardalllocal', 'show'],
      ({ backend, interruptions }) => {
        let isFirst = true;
        backend.before = (what) => {
          if (what === 'discard' && isFirst) interruptions.interrupt();
          if (what === 'discard') isFirst = false;
        };
      },
    );
    expect(typist.seen).toContain('interrupted, 1 local mutation discarded\n');
    expect(typist.seen).toContain('* show\n');
  });
});

describe('an object that was found expanded', () => {
  async function abandoned(): Promise<ReturnType<typeof dialogueRealm>> {
    const realm = dialogueRealm();
    const session = await new MemoryBackend(realm).begin(realm.state.path);
    await session.discard();
    return realm;
  }

  it('is gone on with', async () => {
    const realm = await abandoned();
    const { typist } = await play(realm, [
      `begin ${OBJECT}`,
      'yes',
      'checklocal',
      'preservelocal',
      'quit',
      'yes',
    ]);
    expect(typist.seen).toContain('a session that nobody ended, with 1 of 2 local mutations processed\n');
    expect(typist.seen).toContain('local mutation: store');
    expect(realm.isInConflict).toBe(false);
  });

  it('is collapsed for somebody who does not want it', async () => {
    const realm = await abandoned();
    const { typist } = await play(realm, [`begin ${OBJECT}`, 'no', `begin ${OBJECT}`, 'checklocal']);
    expect(typist.seen).toContain('local mutation: mkdir');
  });

  it('stays as it is where nobody says what is to become of it', async () => {
    const realm = await abandoned();
    const { typist, run } = await play(realm, [`begin ${OBJECT}`]);
    expect(realm.state.session?.progress.decisions).toEqual(['discarded']);
    expect(run.standing).toBe('left expanded');
    expect(typist.seen).toContain(`next: Go on with the session: repair ${OBJECT}.`);
  });
});

describe('commands', () => {
  it('that make no sense now are refused with what to do instead', async () => {
    const { typist } = await play(dialogueRealm(), [
      'listlocal',
      'comparedirs',
      `begin ${OBJECT}`,
      'begin x',
      'dorepair',
      'resume',
    ]);
    expect(typist.seen).toContain('listLocal cannot be done now\n  next: Begin one: beginRepair OBJECT\n');
    expect(typist.seen).toContain('compareDirs cannot be done now\n  next: Begin one');
    expect(typist.seen).toContain('beginRepair cannot be done now\n  next: End it first: quit');
    expect(typist.seen).toContain('doRepair cannot be done now\n  next: See the first mutation');
  });

  it('report what is not in conflict, and go on', async () => {
    const { typist, ending } = await play(dialogueRealm(), ['begin /coda/other', 'help', 'quit']);
    expect(typist.seen).toContain('No such file or directory');
    expect(typist.seen).toContain('beginRepair       begin a session');
    expect(ending.failure).toBeInstanceOf(VenusError);
  });

  it('ask for what is missing, with the last value as what an empty answer means', async () => {
    const { typist } = await play(dialogueRealm(), [`begin ${OBJECT}`, 'abort', 'begin', '', 'checklocal']);
    expect(typist.seen).toContain(`Pathname of object in conflict?  [${OBJECT}] \n`);
    expect(typist.seen).toContain('local mutation: mkdir');
  });

  it('refuse to preserve what is in conflict, and change nothing', async () => {
    const realm = dialogueRealm();
    const { typist } = await play(realm, [`begin ${OBJECT}`, 'preserveall', 'checklocal']);
    expect(typist.seen).toContain(
      `mkdir ${OBJECT}/global/figs failed\nconflict: target ${OBJECT}/global/figs exist on servers\n`,
    );
  });

  it('take the last decision back', async () => {
    const { typist } = await play(dialogueRealm(), [
      `begin ${OBJECT}`,
      'undo',
      'discardlocal',
      'undo',
      'checklocal',
    ]);
    expect(typist.seen).toContain('* undo\nnothing to undo\n');
    expect(typist.seen).toContain(`current local mutation is again mkdir ${OBJECT}/local/figs\n`);
    expect(typist.seen).toContain('conflict: target');
  });

  it('keep what was skipped in the log, and say so before the commit', async () => {
    const realm = dialogueRealm();
    const { typist, run } = await play(realm, [`begin ${OBJECT}`, 'skip', 'preserveall', 'quit', 'yes']);
    expect(typist.seen).toContain('1 local mutation without a decision stays in the modify log');
    expect(realm.state.log.map(({ mutation }) => mutation.op)).toEqual(['mkdir']);
    expect(run.standing).toBe('conflict remains');
  });

  it('commit nothing when the servers have something newer, and the session goes on', async () => {
    const realm = dialogueRealm();
    const { typist } = await play(
      realm,
      [`begin ${OBJECT}`, 'discardall', 'quit', 'yes', 'checklocal', 'abort'],
      ({ backend }) => {
        backend.before = (what) => {
          if (what === 'commit')
            realm.others('paper.tex', (root) => put(root, 'paper.tex', realm.node('file', 'newer')));
        };
      },
    );
    expect(typist.seen).toContain(
      `nothing was committed: the servers have something newer\nconflict: target ${OBJECT}/global/paper.tex updated on servers\n\n* checklocal`,
    );
  });

  it('carry what another program made below global', async () => {
    const realm = dialogueRealm();
    const backend = new MemoryBackend(realm);
    await backend.begin(realm.state.path);
    const { files } = await play(realm, []);
    await expect(
      files.write('/usr/luqi/papers/cscw/local/x', bytes('no'), { mode: 0o644, exclusive: false }),
    ).rejects.toEqual(new VenusError(errno('EROFS')));
    await files.write('/usr/luqi/papers/cscw/global/merged', bytes('both'), {
      mode: 0o644,
      exclusive: false,
    });
    await play(realm, [`begin ${OBJECT}`, '', 'discardall', 'quit', '']);
    expect(contentsOf(realm.state.server)['merged']).toBe('both');
  });

  it('show whose versions there are', async () => {
    const { typist } = await play(dialogueRealm(), [`begin ${OBJECT}`, 'discard', 'discardlocal', 'show']);
    expect(typist.seen).toContain('discard may be discardLocal or discardAllLocal');
    expect(typist.seen).toContain('local is what was done at laptop; global is what s1.coda.test has\n');
    expect(typist.seen).toContain(
      'local   laptop, luqi, 19603 bytes, Dec 20 00:51\nglobal  s1.coda.test, luqi, 9 bytes, Dec 20 00:51\n',
    );
  });

  it('run commands of the shell', async () => {
    const { typist } = await play(dialogueRealm(), ['!date -u']);
    expect(typist.ran).toEqual([['/bin/sh', '-c', 'date -u']]);
  });

  it('read files of both sides, and names with blanks', async () => {
    const realm = dialogueRealm();
    realm.others('a b', (root) => put(root, 'a b', realm.node('file', 'blank\n')));
    const { typist } = await play(realm, [
      `begin ${OBJECT}`,
      'cat "global/a b" global/figs/one.eps',
      'ls local',
    ]);
    expect(typist.seen).toContain('blank\none');
    expect(typist.seen).toContain('* ls local\nfigs\npaper.tex\n');
  });
});

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}
