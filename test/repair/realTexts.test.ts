import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseCmlLine } from '../../src/cml/cmlText.ts';
import type { LocalMutation } from '../../src/ipc/repairs.ts';
import { encodeCall } from '../../src/ipc/call.ts';
import { RepairAction, repairCommand } from '../../src/ipc/calls/repairCommand.ts';
import { verdictOfCheck } from '../../src/repair/real/checkText.ts';
import { isSameRecord, parseListing } from '../../src/repair/real/logListing.ts';
import { ObjectPaths, belongingOf } from '../../src/repair/real/objectPaths.ts';
import { RealVenusDouble } from './realVenus.ts';

const transcript = readFileSync(
  fileURLToPath(new URL('../golden/transcripts/a3_localglobal_repair.txt', import.meta.url)),
  'utf8',
);

/** What a recorded command printed, each time it was run. */
function outputsOf(command: string): readonly string[] {
  return transcript
    .split(/^\[c1\]\$ /m)
    .filter((part) => part.startsWith(`${command}\n`))
    .map((part) => part.slice(command.length + 1).replace(/^(2>|\(exit|###).*\n/gm, ''));
}

const line = (text: string) => {
  const parsed = parseCmlLine(text);
  if (!parsed) throw new Error(`${text} is no line of a log`);
  return parsed;
};
const mutation: LocalMutation = { op: 'create', path: 'f', sequence: 1, time: 0 };

describe('the log as a real venus listed it', () => {
  it('is read entry by entry', async () => {
    const lists = outputsOf('cfs listlocal /coda/coda.test/u');
    expect(lists.length).toBeGreaterThan(5);
    const lengths: number[] = [];
    for (const list of lists) lengths.push((await parseListing(list)).length);
    expect(lengths.slice(0, 2)).toEqual([7, 7]);
    expect(Math.min(...lengths)).toBe(5);
  });

  it('is not taken for a whole when entries cannot be told apart', async () => {
    await expect(
      parseListing('Create \t/coda/x\n2 entries total in the modify log for volume v\n'),
    ).rejects.toThrow('cannot be understood');
    await expect(parseListing('Create \t/coda/x\n')).rejects.toThrow('cannot be understood');
    expect(await parseListing('0 entries total in the modify log for volume v\n')).toEqual([]);
  });

  it('names what was expanded by its entry, which is the object itself', async () => {
    const [list = ''] = outputsOf('cfs listlocal /coda/coda.test/u');
    const [create, store, other] = await parseListing(list);
    const paths = new ObjectPaths('/coda.test/u/lg/f', ['/coda']);
    const untold = { sequence: 1, time: 0 };
    expect(create && belongingOf(create, paths, untold)).toMatchObject({
      mutation: { op: 'create', path: '' },
    });
    expect(store && belongingOf(store, paths, untold)).toMatchObject({
      mutation: { op: 'store', length: 6 },
    });
    expect(other && belongingOf(other, paths, untold)).toEqual({ kind: 'foreign' });
  });

  it('has the same record by other names while something is expanded, and when directories are gone', () => {
    const create = line('Create \t/coda/r/d/f');
    expect(isSameRecord(create, line('Create \t/coda/r/d/_localcache'))).toBe(true);
    expect(isSameRecord(create, line('Create \t???//f'))).toBe(true);
    expect(isSameRecord(create, line('Create \t???//g'))).toBe(false);
    expect(isSameRecord(create, line('Create \t/coda/r/e/f'))).toBe(false);
    expect(isSameRecord(create, line('Mkdir \t/coda/r/d/f'))).toBe(false);
    const store = 'Store \t/coda/r/d/f (length = 6)';
    expect(isSameRecord(line(store), line('Store \t???//f (length = 6)'))).toBe(true);
    expect(isSameRecord(line(store), line('Store \t???//f (length = 7)'))).toBe(false);
  });

  it('knows a rename that leads elsewhere', () => {
    const paths = new ObjectPaths('/r/d', ['/coda']);
    const rename = line('Rename \t/coda/r/d/f (to: /coda/r/e/f)');
    expect(belongingOf(rename, paths, { sequence: 1, time: 0 })).toEqual({ kind: 'crossing' });
  });
});

describe('the answers about the first record', () => {
  it('are understood', () => {
    const [recorded = ''] = outputsOf('cfs checklocal /coda/coda.test/u');
    expect(verdictOfCheck(recorded, mutation)).toMatchObject({ obstruction: 'exists', target: 'f' });
    const findings = {
      'no conflict': undefined,
      'conflict: target ???//f updated on servers\n': 'updated',
      'conflict: store target ???//f no longer exists on servers': 'gone',
      'conflict: target ???//f is missing on servers\n': 'missing',
      'conflict: target ???//f not empty on servers\n': 'not empty',
      'conflict: acl check failure on parent ???/\n': 'denied',
      'fetching store target failed (110), please re-try!': undefined,
    };
    for (const [finding, obstruction] of Object.entries(findings))
      expect(verdictOfCheck(`local mutation: store ???//f\n${finding}`, mutation)?.obstruction).toBe(
        obstruction,
      );
  });

  it('are those that the double of venus gives', async () => {
    const double = new RealVenusDouble('lg');
    double.common((root) => double.put(root, 'lg', double.node('directory')));
    double.locally({ op: 'create', path: 'lg/_localcache' });
    double.put(double.server, 'lg/_localcache', double.node('file', ''));
    double.reintegrate();
    const ask = async (action: number) =>
      repairCommand.reply.decode(await double.pioctl(encodeCall(repairCommand, '/coda.test/u', { action })));
    const [recorded = ''] = outputsOf('cfs checklocal /coda/coda.test/u');
    expect(await ask(RepairAction.CheckFirst)).toBe(recorded.replace('???//f', '???//_localcache'));
    expect(outputsOf('cfs discardlocal /coda/coda.test/u')).toContain(await ask(RepairAction.DiscardFirst));
  });
});
