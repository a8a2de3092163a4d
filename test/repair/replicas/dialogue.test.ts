import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemoryServers, ROOT } from '../memory/servers.ts';
import { Typist } from '../support.ts';
import { AnsweringTypist, MOUNT, play, withFixFile } from './support.ts';

const [RAIFF, OTHER] = [1, 2];
const at = (hours: number, minutes: number): number => new Date(1993, 11, 20, hours, minutes).getTime();
const OBJECT = `/coda${MOUNT}/conflict`;

/** Somebody makes `example` at one server, somebody else at the others, before these see each other again. */
function exampleTwice(names: readonly string[]) {
  const servers = new MemoryServers(names);
  const conflict = servers.make(servers.sites, ROOT, 'conflict', 'directory');
  const [first = 0, ...others] = servers.sites;
  const one = servers.make([first], conflict, 'example', 'file', '', RAIFF);
  const two = servers.make(others, conflict, 'example', 'file', '', OTHER);
  servers.get(first, one).modified = at(13, 10);
  for (const site of others) servers.get(site, two).modified = at(13, 11);
  servers.now = at(13, 20);
  servers.heal();
  return { servers, conflict, one, two };
}

function identityOf(servers: MemoryServers, site: number, key: string): string {
  const { vnode, unique, versions, store } = servers.get(site, key);
  const hex = (number: number): string => `0x${number.toString(16)}`;
  return `\tFid: (${hex(vnode)}.${unique.toString(16)}) VV:(${versions.join(' ')})(${hex(store.host)}.${store.unique.toString(16)})`;
}

describe('the dialogue of the manual', () => {
  it('is word for word as people know it, and the servers agree afterwards', () =>
    withFixFile(async (fix) => {
      const { servers, one, two } = exampleTwice(['SERVER1', 'SERVER2']);
      const identities = [identityOf(servers, 0, one), identityOf(servers, 1, two)];
      const answers = ['', fix, 'yes', '', '', 'do', '', '', 'yes', 'quit'];
      const typist = new Typist(['begin conflict', 'compare', ...answers]);
      const { run, ending, backend } = await play(servers, typist);
      expect(typist.seen).toBe(`* begin conflict
a server-server-conflict repair session started
use the following commands to repair the conflict:
	comparedirs
	removeinc
	dorepair
* compare
Pathname of Object in conflict? [conflict] 
Pathname of repair file produced?  [] ${fix}

-rw-r--r--  1 raiff           0 Dec 20 13:10
-rw-r--r--  1 -101            0 Dec 20 13:11

${identities.join('\n')}
Should /coda/project/coda/demo/basic/rep/conflict/SERVER1/example be removed?  [no] yes
Should /coda/project/coda/demo/basic/rep/conflict/SERVER2/example be removed?  [no] 
Do you want to repair the name/name conflicts  [yes] 
Operations to resolve conflicts are in ${fix}
* do
Pathname of object in conflict?  [conflict] 
Pathname of fix file? [${fix}] 
OK to repair "conflict" by fixfile "${fix}"?  [no] yes
* quit
`);
      expect(ending).toEqual({ failure: undefined, isInterrupted: false });
      expect(run.standing).toBe('settled');
      expect(backend.expanded).toBe(0);
      expect(servers.firstConflict()).toBeUndefined();
      expect(servers.tree(0)).toEqual(servers.tree(1));
      expect(servers.at(0, one)).toBeUndefined();
      expect(servers.get(0, two).owner).toBe(OTHER);
    }));

  it('explains beside it what differs, who wrote what when, and what each server did', () =>
    withFixFile(async (fix) => {
      const { servers } = exampleTwice(['SERVER1', 'SERVER2']);
      const typist = new AnsweringTypist(
        ['begin conflict', `compare ${fix}`, `do ${fix}`, 'quit'],
        (question) => (question.includes('SERVER1') || question.startsWith('OK') ? 'yes' : ''),
      );
      await play(servers, typist);
      expect(typist.noted).toContain(
        '"example" names different objects: SERVER1 has a file of 0 bytes that raiff wrote Dec 20 13:10, SERVER2 has a file of 0 bytes that -101 wrote Dec 20 13:11.\n',
      );
      expect(typist.noted).toContain('Repair actions performed on SERVER2 have succeeded.\n');
      expect(typist.noted).toContain('cycle 2: what is left is repaired\n');
    }));
});

describe('what a repair takes from servers', () => {
  const ofOne = (question: string) => (question.includes('/s1/') || question.startsWith('OK') ? 'yes' : '');

  it('is copied before anything is sent: of a directory what goes, and nothing else', () =>
    withFixFile(async (fix) => {
      const { servers } = exampleTwice(['s1', 's2', 's3']);
      const lines = ['begin conflict', `compare ${fix}`, `do ${fix}`, 'quit'];
      const { saved, typist } = await play(servers, new AnsweringTypist(lines, ofOne));
      expect(saved).toEqual(['s1/example']);
      expect(typist.noted).toContain('copies of what the servers have are in /copies\n');
    }));
});

describe('a name/name conflict on three servers', () => {
  it('lists and asks for each of them, and needs a second cycle that asks nothing', () =>
    withFixFile(async (fix) => {
      const { servers, two } = exampleTwice(['s1', 's2', 's3']);
      const questions: string[] = [];
      const typist = new AnsweringTypist(
        ['begin conflict', `compare ${fix}`, `do ${fix}`, 'quit'],
        (question) => {
          questions.push(question);
          return question.includes('/s1/') || question.startsWith('OK') ? 'yes' : '';
        },
      );
      const { backend, run } = await play(servers, typist);
      expect(questions).toEqual([
        ...['s1', 's2', 's3'].map((server) => `Should ${OBJECT}/${server}/example be removed?  [no] `),
        'Do you want to repair the name/name conflicts  [yes] ',
        `OK to repair "conflict" by fixfile "${fix}"?  [no] `,
      ]);
      expect(backend.sent).toHaveLength(2);
      expect(run.standing).toBe('settled');
      for (const site of servers.sites) expect(servers.tree(site)).toEqual(servers.tree(0));
      expect([...servers.get(0, backend.find(`${MOUNT}/conflict`)).entries]).toEqual([['example', two]]);
    }));

  it('keeps both when everything is answered with Return', () =>
    withFixFile(async (fix) => {
      const { servers, one, two } = exampleTwice(['s1', 's2', 's3']);
      const typist = new AnsweringTypist(
        ['begin conflict', `compare ${fix}`, `do ${fix}`, 'quit'],
        (question) => (question.startsWith('OK') ? 'yes' : ''),
      );
      await play(servers, typist);
      expect(typist.seen).toContain(`Please try to rename or remove one of the two objects:\n`);
      expect(typist.seen).toContain('Keep both, that of s1 as example.s1.1993-12-20?  [yes] \n');
      expect(servers.firstConflict()).toBeUndefined();
      for (const site of servers.sites) {
        expect(servers.tree(site)).toEqual(servers.tree(0));
        expect(servers.get(site, one).owner).toBe(RAIFF);
        expect(servers.get(site, two).owner).toBe(OTHER);
      }
    }));

  it('changes nothing when the question after them is answered with no', () =>
    withFixFile(async (fix) => {
      const { servers } = exampleTwice(['s1', 's2', 's3']);
      const before = servers.sites.map((site) => servers.tree(site));
      const typist = new AnsweringTypist(['begin conflict', `compare ${fix}`, 'quit'], (question) =>
        question.startsWith('Do you want') ? 'no' : question.includes('/s1/') ? 'yes' : '',
      );
      const { run, backend } = await play(servers, typist);
      expect(readFileSync(fix, 'utf8')).not.toContain('remove');
      expect(backend.sent).toEqual([]);
      expect(run.standing).toBe('conflict remains');
      expect(servers.sites.map((site) => servers.tree(site))).toEqual(before);
    }));
});

describe('a fix file with a mistake', () => {
  const mistakes: readonly (readonly [string, string])[] = [
    ['removed example', 'takes removefsl'],
    ['removefsl nothing', 'has no "nothing"'],
    ['createf example 7f000003 00000aa0 00000bb0', 'has "example" already'],
    ['createf new 01000002 00000aa0 00000bb0', 'name objects by the replicated volume'],
    ['createf new 7f000003 00000aa1 00000bb0', 'createf takes an even vnode number'],
    ['created new 7f000003 00000aa0 00000bb0', 'created takes an odd vnode number'],
    ['createf new 7f000003 fffffffe 00000bb0', 'one of this client alone'],
    ['setacl nobody none', 'no entry for "nobody"'],
    ['createf .. 7f000003 00000aa0 00000bb0', 'is no name of an entry'],
    ['createf a%2fb 7f000003 00000aa0 00000bb0', 'contains a slash'],
    [`createf ${'a'.repeat(254)} 7f000003 00000aa0 00000bb0`, '1 to 253 bytes'],
    ['mv nothing\tb 7f000003 5 2 5 2', 'has no "nothing"'],
    ['mv example\tb 7f000003 7 9 5 2', 'nobody has seen "example"'],
    ['setowner 70000', 'is not a user id of 16 bits'],
  ];

  it.each(mistakes)('%s is refused with its line, and nothing is sent', (line, reason) =>
    withFixFile(async (fix) => {
      const { servers } = exampleTwice(['s1', 's2']);
      const text = `\nreplica s1 01000002 \n\t${line}\n\nreplica s2 02000002 \n`;
      writeFileSync(fix, text);
      const typist = new AnsweringTypist(['begin conflict', `do ${fix}`, 'quit'], () => 'yes');
      const { backend } = await play(servers, typist);
      expect(typist.seen).toContain(`${fix}: Syntax error, line 3: `);
      expect(typist.seen).toContain(reason);
      expect(backend.sent).toEqual([]);
      expect(backend.expanded).toBe(0);
    }),
  );

  it.each([
    [
      'replica s1 01000002\nreplica s1 01000002\nreplica s2 02000002\n',
      2,
      'two sections for the volume 01000002',
    ],
    ['replica s1 7f000003\n', 1, 'is the replicated volume'],
    ['replica s1 01000009\n', 1, 'is no replica of this object'],
    ['replica s2 01000002\n', 1, 'is the replica of s1'],
    ['replica s1 01000002\n', 1, 'no section is for s2'],
    ['', 1, 'no section is for s1'],
    [
      'replica s1 01000002\nreplica s2 02000002\ncreatef a 7f000003 aa0 bb0\ncreatef a 7f000003 aa2 bb0\n',
      4,
      '"a" is made twice',
    ],
  ])('%j is refused at line %i', (text, line, reason) =>
    withFixFile(async (fix) => {
      const { servers } = exampleTwice(['s1', 's2']);
      writeFileSync(fix, text);
      const typist = new AnsweringTypist(['begin conflict', `do ${fix}`, 'quit'], () => 'yes');
      const { backend } = await play(servers, typist);
      expect(typist.seen).toContain(`Syntax error, line ${line}: `);
      expect(typist.seen).toContain(reason);
      expect(backend.sent).toEqual([]);
    }),
  );
});
