import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { RecordedCopies } from '../../support/recordedCopies.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotCodaPathError } from '../../../src/ipc/errors.ts';
import { Interruptions } from '../../../src/repair/interruptions.ts';
import { DiskJournals } from '../../../src/repair/real/journals.ts';
import { RealVenus } from '../../../src/repair/real/realVenus.ts';
import { RealBackend } from '../../../src/repair/realBackend.ts';
import { RepairRun } from '../../../src/repair/repairRun.ts';
import { converse } from '../../../src/repair/repl.ts';
import { bytesOfHex } from '../../support/bytes.ts';
import { MemoryServers, ROOT } from '../memory/servers.ts';
import { Typist } from '../support.ts';
import { ServerVenusDouble } from './serverVenus.ts';
import { AnsweringTypist } from './support.ts';

const MOUNT = '/coda.test/t';
const SERVERS = ['s1.coda.test', 's2.coda.test', 's3.coda.test'];

let place = '';
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'coda-port-test-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** Two sides changed a directory `ss`, and a file `sf` the same. */
function parted(): MemoryServers {
  const servers = new MemoryServers(SERVERS);
  const directory = servers.make(servers.sites, ROOT, 'ss', 'directory');
  const file = servers.make(servers.sites, ROOT, 'sf', 'file', 'base');
  const [first, others] = [[0], [1, 2]];
  servers.make(first, directory, 'name', 'file', 'one');
  servers.make(others, directory, 'name', 'file', 'two');
  servers.make(first, directory, 'only1', 'directory');
  servers.make(others, directory, 'only2', 'symlink', 'x');
  servers.change(first, file, { contents: 'c1' });
  servers.change(others, file, { contents: 'c2' });
  servers.heal();
  return servers;
}

function backendOf(venus: ServerVenusDouble): RealBackend {
  return new RealBackend({
    venus: new RealVenus(venus, process.getuid?.() ?? 0, 2000),
    files: venus.files,
    journals: new DiskJournals(join(place, 'journals')),
    patience: 100,
    place: 'test',
    roots: ['/coda'],
    client: 'laptop',
  });
}

async function play(servers: MemoryServers, name: string, typist: Typist) {
  const venus = new ServerVenusDouble(servers, MOUNT, name);
  const backend = backendOf(venus);
  const copies = new RecordedCopies();
  const run = new RepairRun({
    copies: () => Promise.resolve(copies),
    backend,
    conversation: typist,
    env: {},
    now: () => servers.now,
    files: () => Promise.resolve(venus.files),
    toVenusPath: (typed) =>
      typed.startsWith('/coda/')
        ? Promise.resolve(typed.slice('/coda'.length))
        : Promise.reject(new NotCodaPathError('Bad file descriptor')),
    toUserPath: (path) => `/coda${path}`,
  });
  const ending = await converse(run, { next: (prompt) => typist.ask(prompt) }, new Interruptions());
  return { venus, run, ending, saved: copies.saved };
}

const agree = (question: string): string => (question.startsWith('OK') ? 'yes' : '');

describe('a session of replicas by pioctls and files', () => {
  it('repairs a directory, with nothing lost, in the requests that venus understands', async () => {
    const servers = parted();
    const fix = join(place, 'fix');
    const typist = new AnsweringTypist(
      ['begin /coda/coda.test/t/ss', `compare ${fix}`, `do ${fix}`, 'quit'],
      agree,
    );
    const { venus, run } = await play(servers, 'ss', typist);
    expect(run.standing, typist.seen).toBe('settled');
    expect(venus.isExpanded).toBe(false);
    const key = servers.get(0, ROOT).entries.get('ss') ?? '';
    for (const site of servers.sites) expect(servers.tree(site, key)).toEqual(servers.tree(0, key));
    expect([...servers.get(0, key).entries.keys()].sort()).toEqual([
      'name',
      'name.s1.coda.test.2001-09-09',
      'only1',
      'only2',
    ]);
    const [first, ...others] = venus.asked.filter((request) => request.startsWith('194'));
    expect(first).toBe('194 /coda.test/t/ss');
    expect(others).toHaveLength(1);
    expect(readFileSync(fix, 'utf8')).toContain(
      'replica s1.coda.test 01000002 \n\tcreates only2 7f000003 00000022 00000011\n\tmv name\tname.s1.coda.test',
    );
  });

  it('begins as the repair tools of Coda do', async () => {
    const { venus } = await play(parted(), 'ss', new Typist(['begin /coda/coda.test/t/ss', 'quit']));
    const expanding = venus.asked.indexOf('192 /coda.test/t/ss');
    expect(venus.asked[expanding - 1]).toBe('197 /coda.test/t/ss');
    expect(venus.asked).toContain('244 /coda.test/t/ss');
    expect(venus.asked.at(-1)).toBe('193 /coda.test/t/ss');
  });

  it('goes on with the servers that answer, and says what remains for the others', async () => {
    const servers = parted();
    servers.up.delete(2);
    const fix = join(place, 'fix');
    const typist = new AnsweringTypist(
      ['begin /coda/coda.test/t/ss', `compare ${fix}`, `do ${fix}`, 'quit'],
      agree,
    );
    const { run } = await play(servers, 'ss', typist);
    expect(typist.noted).toContain('WARNING: s3.coda.test cannot be reached. The others are repaired;');
    expect(run.standing, typist.seen).toBe('settled');
    expect(servers.tree(0, servers.get(0, ROOT).entries.get('ss'))).toEqual(
      servers.tree(1, servers.get(1, ROOT).entries.get('ss')),
    );
  });

  it.each([
    ['the version of a server', () => 's2.coda.test', 'c2'],
    [
      'a file of this machine',
      () => {
        writeFileSync(join(place, 'merged'), 'merged');
        return join(place, 'merged');
      },
      'merged',
    ],
  ])('replaces a file in conflict by %s', async (_, name, contents) => {
    const servers = parted();
    const typist = new AnsweringTypist(['begin /coda/coda.test/t/sf', `replaceinc ${name()}`, 'quit'], agree);
    const { run, saved } = await play(servers, 'sf', typist);
    expect(typist.seen).toContain('Repair successful.\n');
    expect(run.standing).toBe('settled');
    expect(saved).toEqual(SERVERS);
    const key = servers.get(0, ROOT).entries.get('sf') ?? '';
    for (const site of servers.sites) expect(servers.get(site, key).contents).toBe(contents);
  });

  it.each([
    // What the third server has is what the second one has.
    ['ss', ['s1.coda.test/name', 's1.coda.test/only1', 's2.coda.test/name', 's2.coda.test/only2']],
    ['sf', SERVERS],
  ])('removes %s from all servers after a yes, and only then', async (name, copied) => {
    const servers = parted();
    const begin = `begin /coda/coda.test/t/${name}`;
    const refused = await play(servers, name, new AnsweringTypist([begin, 'removeinc', 'quit'], agree));
    expect(refused.run.standing).toBe('conflict remains');
    const typist = new AnsweringTypist([begin, 'removeinc', 'quit'], () => 'yes');
    const { run, saved } = await play(servers, name, typist);
    expect(typist.seen).toContain('Repair successful.\n');
    expect(run.standing).toBe('settled');
    expect(saved).toEqual(copied);
    expect(refused.saved).toEqual([]);
    for (const site of servers.sites) expect(servers.get(site, ROOT).entries.has(name)).toBe(false);
  });

  it('clears the mark of what is the same everywhere, and refuses that for anything else', async () => {
    const servers = parted();
    const begin = 'begin /coda/coda.test/t/ss';
    const typist = new AnsweringTypist([begin, 'clearinc', 'quit'], agree);
    await play(servers, 'ss', typist);
    expect(typist.seen).toContain("Replicas not identical, can't clear inconsistency");
    const same = new MemoryServers(SERVERS);
    const key = same.make(same.sites, ROOT, 'ss', 'directory');
    for (const site of same.sites) same.get(site, key).isInconsistent = true;
    same.get(1, key).author = 9;
    const { run, venus } = await play(same, 'ss', new AnsweringTypist([begin, 'clearinc', 'quit'], agree));
    expect(venus.asked.filter((request) => request.startsWith('199'))).toHaveLength(3);
    expect(run.standing).toBe('settled');
  });

  it('tells each server that failed, as a real one did', async () => {
    const servers = parted();
    const fix = join(place, 'fix');
    const typist = new AnsweringTypist(
      ['begin /coda/coda.test/t/ss', `compare ${fix}`, `do ${fix}`, 'quit'],
      agree,
    );
    const recorded = repairRecordings().find(({ index }) => index === 860);
    const venus = new ServerVenusDouble(servers, MOUNT, 'ss');
    // The replicas of the recording.
    const volumes = [0x01000004, 0x02000002, 0x03000002];
    servers.replicaVolume = (site) => volumes[site] ?? 0;
    venus.recordedReplies = [recorded?.output ?? new Uint8Array()];
    const backend = backendOf(venus);
    const session = await backend.begin('/coda.test/t/ss');
    if (session.kind !== 'server/server') throw new Error('not between servers');
    expect(await session.repair({ kind: 'fix file', bytes: new Uint8Array(4) })).toEqual([
      { volume: 0x01000004, code: 17 },
      { volume: 0x02000002, code: 0 },
      { volume: 0x03000002, code: 17 },
    ]);
    await session.abort();
    expect(typist.seen).toBe('');
  });
});

interface RepairRecording {
  readonly index: number;
  readonly output: Uint8Array;
}

function repairRecordings(): readonly RepairRecording[] {
  const file = fileURLToPath(new URL('../../golden/repair/pioctl.jsonl', import.meta.url));
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const row: unknown = JSON.parse(line);
      if (typeof row !== 'object' || row === null || !('i' in row) || !('out_hex' in row)) return [];
      const { i: index, out_hex: hex } = row;
      return typeof index === 'number' && typeof hex === 'string' ? [{ index, output: bytesOfHex(hex) }] : [];
    });
}
