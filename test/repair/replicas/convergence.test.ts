import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryServers, ROOT, type Vnode } from '../memory/servers.ts';
import { type History, afterwards, history, reachable } from './histories.ts';
import { AnsweringTypist, MOUNT, play, withFixFile } from './support.ts';

const HISTORIES = 120;
/** On a machine that is busy. */
const LONG = 120_000;
/** Each repair may bring other directories into conflict, by what it moves. */
const MAX_REPAIRS = 40;

/** What chance finds once in some ten thousand histories. */
const WRITTEN_UNDER_ANOTHER_NAME: History = {
  before: [
    { kind: 'make', type: 'directory', directory: 0, name: 'a' },
    { kind: 'make', type: 'file', directory: 1, name: 'a' },
  ],
  cut: 1,
  sides: [
    [
      { kind: 'rename', directory: 1, which: 0, to: 1, name: 'd' },
      { kind: 'rename', directory: 0, which: 0, to: 0, name: 'b' },
    ],
    [
      { kind: 'make', type: 'symlink', directory: 0, name: 'c' },
      { kind: 'write', which: 0 },
    ],
  ],
};

function diverged(past: History): MemoryServers {
  const servers = new MemoryServers(['s1', 's2', 's3']);
  afterwards(servers, past);
  servers.heal();
  return servers;
}

/** Repairs from the top down until nothing is in conflict. @returns whether that was reached */
async function repairAll(
  servers: MemoryServers,
  fix: string,
  answer: (question: string) => string,
): Promise<string[]> {
  const dialogues: string[] = [];
  for (let count = 0; count < MAX_REPAIRS; count++) {
    const conflict = servers.firstConflict();
    if (!conflict) return dialogues;
    const path = `/coda${MOUNT}/${conflict.path.join('/')}`.replace(/\/$/, '');
    const isDirectory = Number.parseInt(conflict.key, 16) % 2 === 1;
    const commands = isDirectory ? [`compare ${fix}`, `do ${fix}`] : ['replaceinc s1'];
    const typist = new AnsweringTypist([`begin ${path}`, ...commands, 'quit'], answer);
    const { backend } = await play(servers, typist);
    expect(backend.expanded).toBe(0);
    dialogues.push(typist.seen + typist.noted);
    servers.heal();
  }
  return dialogues;
}

const returnOnly = (question: string): string => (question.startsWith('OK') ? 'yes' : '');

/** Contents that nobody has overwritten or removed for all; where two sides wrote the same file, one of them has to go. */
function written(servers: MemoryServers): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const site of servers.sites)
    for (const key of reachable(servers, site)) {
      const { kind, contents } = newestOf(servers, key) ?? {};
      if (kind === 'file' && contents !== undefined && !isRemovedForAll(servers, site, key))
        texts.add(contents);
    }
  return texts;
}

/** The version that is as new as all others; undefined where there is none. */
function newestOf(servers: MemoryServers, key: string): Vnode | undefined {
  const all = servers.sites.flatMap((site) => servers.at(site, key) ?? []);
  const covers = (one: Vnode, other: Vnode): boolean =>
    other.versions.every((count, slot) => (one.versions[slot] ?? 0) >= count);
  return all.find((one) => all.every((other) => covers(one, other)));
}

/** Whether it, or a directory above it, is missing where only one side changed the directory that it was in. */
function isRemovedForAll(servers: MemoryServers, site: number, key: string): boolean {
  for (let at = key; at !== ROOT; at = servers.get(site, at).parent) {
    const isEverywhere = servers.sites.every((each) => servers.at(each, at) !== undefined);
    if (!isEverywhere && newestOf(servers, servers.get(site, at).parent) !== undefined) return true;
  }
  return false;
}

describe(`${HISTORIES} random divergences of three servers`, () => {
  it(
    'end with the same everywhere, and with all that anybody wrote, when all is answered with Return',
    { timeout: LONG },
    async () => {
      let conflicts = 0;
      await withFixFile((fix) =>
        fc.assert(
          fc.asyncProperty(history, async (past) => {
            const servers = diverged(past);
            const texts = written(servers);
            const dialogues = await repairAll(servers, fix, returnOnly);
            conflicts += dialogues.length;
            expect(servers.firstConflict(), dialogues.join('\n---\n')).toBeUndefined();
            for (const site of servers.sites) expect(servers.tree(site)).toEqual(servers.tree(0));
            const kept = written(servers);
            for (const text of texts)
              expect(kept.has(text), `${text} is lost\n${dialogues.join('\n')}`).toBe(true);
          }),
          { numRuns: HISTORIES, examples: [[WRITTEN_UNDER_ANOTHER_NAME]] },
        ),
      );
      expect(conflicts).toBeGreaterThan(HISTORIES / 2);
    },
  );

  it('end with the same everywhere whatever is answered first', { timeout: LONG }, async () => {
    await withFixFile((fix) =>
      fc.assert(
        fc.asyncProperty(
          history,
          fc.array(fc.constantFrom('yes', 'no', ''), { maxLength: 20 }),
          async (past, answers) => {
            const servers = diverged(past);
            const left = [...answers];
            const conflict = servers.firstConflict();
            if (conflict) {
              const path = `/coda${MOUNT}/${conflict.path.join('/')}`.replace(/\/$/, '');
              const isDirectory = Number.parseInt(conflict.key, 16) % 2 === 1;
              const commands = isDirectory ? [`compare ${fix}`, `do ${fix}`] : ['replaceinc s2'];
              const typist = new AnsweringTypist([`begin ${path}`, ...commands, 'quit'], (question) => {
                if (question.startsWith('OK')) return 'yes';
                return /\[(yes|no)\] $/.test(question) ? (left.shift() ?? '') : '';
              });
              await play(servers, typist);
              servers.heal();
            }
            const dialogues = await repairAll(servers, fix, returnOnly);
            expect(servers.firstConflict(), dialogues.join('\n---\n')).toBeUndefined();
            for (const site of servers.sites) expect(servers.tree(site)).toEqual(servers.tree(0));
          },
        ),
        { numRuns: HISTORIES },
      ),
    );
  });
});
