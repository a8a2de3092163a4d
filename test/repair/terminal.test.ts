import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { listed, repairDialogue, typedLines } from '../support/repairDialogue.ts';
import { put } from './memory/state.ts';
import { OBJECT, dialogueRealm } from './support.ts';
import { RepairProgram } from './terminal.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const program = new RepairProgram();
beforeAll(() => program.build());
beforeEach(() => program.reset());
afterAll(() => program.remove());

const dialogue = typedLines(OBJECT);
const transcript = repairDialogue(OBJECT, listed('Dec 20  1993', 'global', 'local'));

async function typeUpTo(
  lines: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ReturnType<RepairProgram['onTerminal']>> {
  const typing = program.onTerminal([], env);
  for (const [sees, types] of dialogue.slice(0, lines)) await (await typing.sees(sees)).types(`${types}\r`);
  const next = dialogue[lines];
  if (next) await typing.sees(next[0]);
  return typing;
}

describe('at a terminal', () => {
  it('the dialogue is word for word what people know', async () => {
    const { stdout, status } = await (await typeUpTo(dialogue.length)).ends();
    expect(stdout.slice(stdout.indexOf('* begin'))).toBe(transcript);
    expect(stdout).toMatch(/^repair settles conflicts .*\n\n\* begin/s);
    expect(status).toBe(0);
    expect(program.realm.isInConflict).toBe(false);
  });

  it('keeps a history for the owner alone, without the answers to questions', async () => {
    await (await typeUpTo(dialogue.length)).ends();
    const file = join(program.directory, 'state', 'coda', 'repair_history');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines).toContain('listlocal');
    expect(lines).not.toContain(OBJECT);
  });

  it.each(dialogue.map((_, at) => at).slice(1))(
    '^C and EOF at prompt %i collapse the object',
    async (prompt) => {
      for (const [key, expected] of [
        ['\u0003', 130],
        ['\u0004', prompt === 1 ? 0 : 6],
      ] as const) {
        program.reset();
        const typing = await typeUpTo(prompt);
        const { status } = await (await typing.types(key)).ends();
        expect(status).toBe(expected);
        expect(program.realm.state.session).toBeUndefined();
        expect(program.realm.state.log).toEqual(dialogueRealm().state.log);
      }
    },
  );

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s collapses the object', async (signal) => {
    const typing = await typeUpTo(6);
    program.signal(signal);
    expect(await typing.ends()).toMatchObject({ status: 130 });
    expect(program.realm.state.session).toBeUndefined();
  });

  it('^C gives up a command that only looks', async () => {
    const typing = await typeUpTo(2, { SLOW: 'check:600' });
    await typing.types('checklocal\r');
    await typing.sees('checklocal\n');
    await typing.types('\u0003');
    await (await typing.sees('* ')).types('listlocal\r');
    await (await typing.sees('local mutations are:')).sees('* ');
    await (await typing.types('abort\r')).sees('everything is as it was before');
    await (await typing.sees('* ')).types('quit\r');
    expect(await typing.ends()).toMatchObject({ status: 6 });
  });

  it('what a killed session decided is found by the next one', async () => {
    const typing = await typeUpTo(6);
    program.signal('SIGKILL');
    await typing.ends();
    const next = program.onTerminal([OBJECT]);
    await (await next.sees('with 1 of 2 local mutations processed\ngo on with it?  [yes] ')).types('\r');
    await (await next.sees('* ')).types('preserveall\r');
    await (await next.sees('* ')).types('quit\r');
    await (await next.sees('[yes] ')).types('\r');
    expect(await next.ends()).toMatchObject({ status: 0 });
    expect(program.realm.isInConflict).toBe(false);
  });

  it('completes commands and names, and remembers lines', async () => {
    const typing = program.onTerminal([OBJECT], { TERM: 'xterm' });
    await typing.sees('spool directory');
    await (await typing.sees('* ')).types('listl\t');
    await (await typing.sees('ocal ')).types('\r');
    await typing.sees('Store ');
    await (await typing.sees('* ')).types('cat global/figs/o\t');
    await (await typing.sees('ne.eps ')).types('\r');
    await typing.sees('one');
    await (await typing.sees('* ')).types('\u001b[A\u001b[A\r');
    await typing.sees('Store ');
    await (await typing.sees('* ')).types('\u0004');
    await typing.ends();
  });

  it('runs programs that have the terminal to themselves', async () => {
    const typing = program.onTerminal();
    await (await typing.sees('* ')).types('!read x; echo "<$x>"\r');
    await (await typing.sees('echo "<$x>"\n')).types('typed\r');
    await typing.sees('<typed>');
    await (await typing.sees('* ')).types('quit\r');
    expect(await typing.ends()).toMatchObject({ status: 0 });
  });
});

describe('without a terminal', () => {
  it('reads commands and answers from a pipe, without prompts', async () => {
    const input = `begin\n${OBJECT}\ndiscardlocal\npreservelocal\nquit\n\n`;
    const { stdout, stderr, status } = await program.run([], input);
    expect(stdout).not.toContain('* ');
    expect(stdout).toContain(`store ${OBJECT}/global/paper.tex succeeded\n`);
    expect(stderr).toBe(
      'Pathname of object in conflict?  [] \ncommit the local/global repair session?  [yes] \n',
    );
    expect(status).toBe(0);
  });

  it('the end of the input is not a yes', async () => {
    const { status } = await program.run([OBJECT], 'discardalllocal\nquit\n');
    expect(status).toBe(6);
    expect(program.realm.state.session).toBeUndefined();
    expect(program.realm.isInConflict).toBe(true);
  });

  it('runs a script, which commits with quit', async () => {
    const script = join(program.directory, 'script');
    writeFileSync(script, `# both lines\nbegin ${OBJECT}\ndiscardlocal\npreservelocal\nquit\n`);
    expect(await program.run(['--script', script])).toMatchObject({ status: 0, stderr: '' });
    expect(program.realm.isInConflict).toBe(false);
  });

  it('stops a script at the first failure, says where, and leaves all as it was', async () => {
    const finished = await program.run(
      [OBJECT, '--script', '-'],
      'listlocal\npreservelocal\ndiscardalllocal\nquit\n',
    );
    expect(finished.stderr).toBe('stdin:2: failed, nothing behind it was done\n');
    expect(finished.status).toBe(6);
    expect(program.realm.state.session).toBeUndefined();
    expect(program.realm.isInConflict).toBe(true);
  });

  it('a script that ends without quit commits nothing', async () => {
    const finished = await program.run([OBJECT, '--script', '-'], 'discardalllocal\n');
    expect(finished.stderr).toContain('stdin: ended without quit, so nothing is committed');
    expect(finished.status).not.toBe(0);
    expect(program.realm.isInConflict).toBe(true);
  });

  it.each(['mine', 'server', 'both'])('--keep %s settles', async (keep) => {
    const { status, stdout } = await program.run([OBJECT, '--keep', keep, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ path: OBJECT, keep, committed: true, failures: [] });
    expect(program.realm.isInConflict).toBe(false);
  });

  it('--list tells what is in the way, and leaves all as it was', async () => {
    const { status, stdout } = await program.run([OBJECT, '--list']);
    expect(status).toBe(0);
    expect(stdout).toBe(
      `Mkdir   ${OBJECT}/local/figs\n\tconflict: target ${OBJECT}/global/figs exist on servers\n` +
        `Store   ${OBJECT}/local/paper.tex (length = 19603)\n\tno conflict\n`,
    );
    expect(program.realm.state.session).toBeUndefined();
    const json: unknown = JSON.parse((await program.run([OBJECT, '--list', '--json'])).stdout);
    expect(json).toMatchObject({
      mutations: [{ op: 'mkdir', verdict: { obstruction: 'exists' } }, { op: 'store' }],
    });
  });

  it('--keep does not touch a session that somebody left, unless it is told to', async () => {
    const typing = await typeUpTo(6);
    program.signal('SIGKILL');
    await typing.ends();
    const refused = await program.run([OBJECT, '--keep', 'mine']);
    expect(refused.stderr).toBe(`repair: ${OBJECT} has a repair session that nobody ended\n`);
    expect(refused.status).toBe(1);
    expect(program.realm.state.session?.progress.decisions).toEqual(['discarded']);
    expect(await program.run([OBJECT, '--keep', 'mine', '--fresh'])).toMatchObject({ status: 0 });
  });

  it.each([
    [['--keep', 'mine']],
    [[OBJECT, '--keep', 'theirs']],
    [[OBJECT, '--keep', 'mine', '--list']],
    [['-remove', OBJECT]],
    [[OBJECT, 'fixfile', '--list']],
    [['--json']],
    [['--script', '/nowhere']],
  ])('%j makes no sense', async (words) => {
    expect(await program.run(words)).toMatchObject({ status: 2, stdout: '' });
  });

  it('a fix file where only local mutations are in conflict is refused, and all is as before', async () => {
    const { status, stderr } = await program.run([OBJECT, 'fixfile']);
    expect(stderr).toContain('repair:1: compareDirs cannot be done now');
    expect(status).not.toBe(0);
    expect(program.realm.state.session).toBeUndefined();
  });

  it('diff shows texts with diff, labels that name whose they are, and leaves nothing behind', async () => {
    const { stdout } = await program.run([OBJECT], 'discardlocal\ndiff\nabort\n');
    expect(stdout).toMatch(/--- global\/paper\.tex \(s1\.coda\.test, luqi, 9 bytes, Dec 20 {2}1993\)/);
    expect(stdout).toMatch(
      /\+\+\+ local\/paper\.tex \(laptop, luqi, 19603 bytes, .*\)\n@@.*\n-old text\n\+xxx/,
    );
    expect(readdirSync(program.directory).filter((name) => name.startsWith('coda-repair-'))).toEqual([]);
  });

  it('diff uses the tool of the user, whose files only he can read', async () => {
    const env = { CODA_DIFF: 'stat -c %a' };
    const { stdout } = await program.run([OBJECT], 'diff global/paper.tex local/paper.tex\n', env);
    expect(stdout).toContain('600\n600\n');
    const git = await program.run([OBJECT], 'diff global/paper.tex local/paper.tex\n', {
      GIT_EXTERNAL_DIFF: 'echo git:',
    });
    expect(git.stdout).toMatch(/git: paper\.tex \S+paper\.tex \. 100644 \S+paper\.tex \. 100644\n/);
  });

  it('diff compares what is no text by size and digest', async () => {
    await program.run([OBJECT], 'abort\n');
    const { realm } = program;
    realm.others('b', (root) => {
      put(root, 'b', realm.node('file', 'a\u0000b'));
      put(root, 'c', realm.node('file', 'a\u0000c'));
      put(root, 'd', realm.node('file', 'a\u0000c'));
    });
    const { stdout } = await program.run([OBJECT], 'diff global/b global/c\ndiff global/c global/d\n');
    const digest = createHash('sha256').update('a\u0000b').digest('hex');
    expect(stdout).toMatch(
      /binary files differ:\nglobal\/b \(s1\.coda\.test, luqi, 3 bytes, .*\)\n\tSHA-256 /,
    );
    expect(stdout).toContain(digest);
    expect(stdout).toMatch(/global\/d \(.*\)\nhave the same contents\n/);
  });

  it('names with blanks, newlines and escape sequences do nothing to the terminal, and can be typed as shown', async () => {
    await program.run([OBJECT], 'abort\n');
    const { realm } = program;
    const name = 'a b\n\u001b[2J"c';
    realm.locally({ op: 'create', path: name });
    realm.others(name, (root) => put(root, name, realm.node('file', 'theirs\n')));
    const input = 'listlocal\ncat "global/a b\\x0a\\x1b[2J\\"c"\nls global\n';
    const { stdout } = await program.run([OBJECT], input);
    expect(stdout).toContain(`Create  ${OBJECT}/local/a b\\x0a\\x1b[2J"c\n`);
    expect(stdout).toContain('\ntheirs\n');
    expect(stdout).not.toContain('\u001b');
  });

  it('diff compares directories by their names', async () => {
    const { stdout } = await program.run([OBJECT], 'diff\n');
    expect(stdout).toMatch(
      /--- global\/figs \(s1.coda.test, lily, directory, .*\)\n\+\+\+ local\/figs \(laptop, .*\)\n-one\.eps\n/,
    );
  });
});
