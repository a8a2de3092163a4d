import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { typeAt } from '../support/typing.ts';
import { type Mode, modes } from './modes.ts';
import { bin } from './support.ts';
import { type Client, TwoClients } from './twoClients.ts';

// Each test starts many processes.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const TOP = '/coda/test.realm';
const D = `${TOP}/d`;
let both: TwoClients;
let laptop: Client;
let desk: Client;

/** A file that both stored. */
async function begin({ options }: Mode): Promise<void> {
  both = await TwoClients.start(...options);
  [laptop, desk] = [both.laptop, both.desk];
  await laptop.mkdir('d');
  await laptop.write('d/f', 'old');
  for (const client of [laptop, desk]) await client.tree('d');
  await both.conflict(
    (client) => client.write('d/f', 'mine'),
    (client) => client.write('d/f', 'theirs'),
  );
}
afterEach(() => both.end());

const cfs = (words: readonly string[], env: Readonly<Record<string, string>> = {}, input = '') =>
  laptop.run('cfs', words, { env, input });
const silent = { status: 0, stdout: '', stderr: '' };
const classic = { CODA_CLASSIC: '1' };

describe.each(modes)('cfs beginrepair and endrepair, at $where', (mode) => {
  beforeEach(() => begin(mode));
  const expanded = {
    'd/f': 'directory',
    [`d/f/${mode.local}`]: 'mine',
    [`d/f/${mode.global}`]: 'theirs',
  };

  it.each([
    ['beginrepair', 'endrepair'],
    ['br', 'er'],
    ['expand', 'collapse'],
  ])('expand and collapse silently: %s, %s', async (begin, end) => {
    expect(await cfs([begin, `${D}/f`])).toMatchObject(silent);
    expect(await laptop.tree('d')).toEqual(expanded);
    expect(await cfs([end, `${D}/f`])).toMatchObject(silent);
    expect((await laptop.tree('d'))['d/f']).toMatch(/^-> @[0-9a-f.]{26}@test\.realm\.$/);
    expect(await desk.tree('d')).toEqual({ 'd/f': 'theirs' });
  });

  it('refuse what is not in conflict, or not expanded', async () => {
    expect(await cfs(['beginrepair', D])).toMatchObject({ status: 0 });
    expect(await cfs(['endrepair', D])).toMatchObject({ status: 0 });
    await laptop.mkdir('other');
    for (const [command, label] of [
      ['beginrepair', 'VIOC_ENABLEREPAIR'],
      ['endrepair', 'VIOC_DISABLEREPAIR'],
    ] as const) {
      const { status, stdout, stderr } = await cfs([command, `${TOP}/other`]);
      expect({ status, stdout, stderr }).toEqual({
        status: 1,
        stdout: '',
        stderr: `${label}: Invalid argument\n`,
      });
      expect(await cfs([command, `${TOP}/other`], classic)).toMatchObject({ status: 255 });
    }
    const twice = [`${TOP}/other`, `${D}/f`];
    expect(await cfs(['expand', ...twice])).toMatchObject({
      status: 1,
      stdout: `${twice.join('\n')}\n`,
      stderr: 'VIOC_EXPANDOBJECT: Invalid argument\n',
    });
    expect(await laptop.tree('d')).toEqual(expanded);
    expect(await cfs(['collapse', ...twice], classic)).toMatchObject({
      status: 0,
      stderr: 'VIOC_COLLAPSEOBJECT: Invalid argument\n',
    });
    expect((await laptop.tree('d'))['d/f']).toMatch(/^-> @/);
  });

  it("refuse another uid's", async () => {
    const other = { CODA_UID: '4711' };
    expect(await cfs(['beginrepair', `${D}/f`], other)).toMatchObject({ status: 4, stdout: '' });
    expect(await cfs(['beginrepair', `${D}/f`])).toMatchObject(silent);
    expect((await cfs(['endrepair', `${D}/f`], other)).stderr).toContain(
      'VIOC_DISABLEREPAIR: Permission denied',
    );
    expect(await laptop.tree('d')).toEqual(expanded);
  });
});

describe.each(modes)('cfs checklocal, preservelocal and discardlocal, at $where', (mode) => {
  beforeEach(() => begin(mode));

  it('tell of the first record, and keep it as long as something is in its way', async () => {
    const finding = `conflict: target ${D}/f updated on servers\n`;
    expect(await cfs(['checklocal', D])).toMatchObject({
      ...silent,
      stdout: `local mutation: store ${D}/f\n${finding}`,
    });
    expect(JSON.parse((await cfs(['checklocal', '--json', D])).stdout)).toEqual({
      text: `local mutation: store ${D}/f\n${finding}`,
      failures: [],
    });
    expect(await cfs(['preservelocal', D])).toMatchObject({
      ...silent,
      stdout: `${finding}could not reintegrate store ${D}/f\n`,
    });
    expect(await cfs(['preservelocal', '-all', D])).toMatchObject({
      ...silent,
      stdout: `0 local mutation(s) reintegrated\n ${finding} cannot reintegrate store ${D}/f\n`,
    });
    expect(await desk.tree('d')).toEqual({ 'd/f': 'theirs' });
    expect(await laptop.ok('coda', ['conflicts'])).toContain('1 change is refused');
  });

  it('send it again when nothing is in its way any more', async () => {
    await laptop.ok('coda', ['resolve', '--all', '--keep', 'server']);
    await both.conflict(
      (client) => client.mkdir('d/new'),
      (client) => client.mkdir('d/new'),
    );
    expect(await cfs(['checklocal', TOP])).toMatchObject({
      ...silent,
      stdout: `local mutation: mkdir ${D}/new\nconflict: target ${D}/new exists on servers\n`,
    });
    await desk.remove('d/new');
    expect(await cfs(['preservelocal', TOP])).toMatchObject({
      ...silent,
      stdout: `reintegrated:\n\tmkdir ${D}/new\n`,
    });
    await laptop.ok('coda', ['pending', '--wait']);
    for (const client of [desk, laptop])
      expect(await client.tree('d')).toEqual({ 'd/f': 'theirs', 'd/new': 'directory' });
  });

  it('throw it away after a question, and never without a copy', async () => {
    const no = await cfs(['discardlocal', D], {}, 'n\n');
    expect(no).toMatchObject({ status: 1, stdout: '' });
    const [copy = ''] = no.stderr.split('\n');
    expect(copy).toMatch(/^\/.*: 1 entries, 1 files, 4 bytes, verified$/);
    expect(no.stderr).toBe(
      `${copy}\nlocal mutation: store ${D}/f\nconflict: target ${D}/f updated on servers\nThrow it away? [y/N] \nNothing was thrown away.\n`,
    );
    const { stdout, stderr, status } = await cfs(['discardlocal', '--yes', D]);
    expect({ stdout, status }).toEqual({ stdout: `discarded local mutation store ${D}/f\n`, status: 0 });
    expect(stderr).toMatch(/: 1 entries, 1 files, 4 bytes, verified\n/);
    expect(await laptop.tree('d')).toEqual({ 'd/f': 'theirs' });
    const [archive = ''] = stderr.split(': ');
    expect(await laptop.ok('coda', ['rescue', archive, 'list'])).toContain('/f');
    expect(await cfs(['checklocal', D])).toMatchObject({ ...silent, stdout: 'no local mutations\n' });
    expect(await cfs(['preservelocal', D])).toMatchObject(silent);
    expect(await cfs(['preservelocal', '-all', D])).toMatchObject({
      ...silent,
      stdout: 'All 0 local mutation(s) reintegrated\n',
    });
    expect(await cfs(['discardlocal', D])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'VIOC_REP_CMD(REP_CMD_DISCARD): Invalid argument\n',
    });
    const { realm, laptop: client } = both;
    const env = { ...realm.env, ...client.env, NO_COLOR: '1', TERM: 'dumb' };
    const { stdout: told } = await typeAt([join(bin, 'cfs'), 'discardlocal', D], env).ends();
    expect(told).toMatch(
      /^VIOC_REP_CMD\(REP_CMD_DISCARD\): Invalid argument\n.*why: +Nothing in the modify log is in conflict/,
    );
    expect(await cfs(['discardlocal', '-all', D])).toMatchObject({ status: 2 });
  });
});
