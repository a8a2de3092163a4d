import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ArchiveFormat } from '../../src/cml/archive/entry.ts';
import { ArchiveLimitError } from '../../src/cml/archive/errors.ts';
import { SpoolError, verifyCheckpointFiles, writeCheckpoint } from '../../src/cml/checkpointFiles.ts';
import { checkpointName, logPathOf } from '../../src/cml/checkpointNames.ts';
import type { CmlLine } from '../../src/cml/cmlLine.ts';
import { findCheckpoints, spoolsOfClients } from '../../src/cml/findCheckpoints.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { file, itemsOf, noFacts, type Whole } from './archive/support.ts';

const path = useTemporaryDirectory();
const owner = { uid: 501, realm: 'r.test', volume: 'u@x:y' };
const lines = (size: number): CmlLine[] => [
  { op: 'create', path: '/coda/r.test/u/f' },
  { op: 'store', path: '/coda/r.test/u/f', length: size },
];
const write = (contents: string, format?: ArchiveFormat, more: readonly Whole[] = []) =>
  writeCheckpoint(
    path('spool'),
    owner,
    { lines: lines(contents.length), entries: itemsOf([file('f', contents), ...more]) },
    format,
  );
const inSpool = () => readdirSync(path('spool', '501')).sort();

describe('the name of a checkpoint', () => {
  it('is that of realm and volume, without what means something in a path', () => {
    expect(checkpointName({ uid: 0, realm: 'coda.test', volume: '/' })).toBe('coda.test__');
    expect(checkpointName(owner)).toBe('r.test_u_x_y');
  });

  it('tells the log that belongs to an archive', () => {
    expect(logPathOf('/s/501/r_v.tar')).toBe('/s/501/r_v.cml');
    expect(logPathOf('/s/501/r_v.cpio.old')).toBe('/s/501/r_v.cml.old');
    expect(logPathOf('/s/r_v.zip')).toBeUndefined();
  });
});

describe('a checkpoint', () => {
  it('is written as two private files, and verified', async () => {
    const written = await write('123');
    expect(written).toMatchObject({ entries: 2, members: 1, files: 1, bytes: 3 });
    expect(written.archive).toBe(path('spool', '501', 'r.test_u_x_y.tar'));
    expect(statSync(path('spool', '501')).mode & 0o777).toBe(0o700);
    for (const name of [written.archive, written.log]) expect(statSync(name).mode & 0o777).toBe(0o600);
    expect(readFileSync(written.log, 'utf8')).toBe(
      'Create \t/coda/r.test/u/f\nStore \t/coda/r.test/u/f (length = 3)\n',
    );
    expect(await verifyCheckpointFiles(written.archive)).toMatchObject({
      verified: true,
      entries: 2,
      bytes: 3,
    });
    expect(
      await verifyCheckpointFiles(written.archive, { pending: 2, root: '/coda/r.test/u' }),
    ).toMatchObject({ verified: true });
    expect(await verifyCheckpointFiles(written.archive, { pending: 3 })).toMatchObject({ verified: false });
  });

  it('keeps the one before as .old, whatever its format was', async () => {
    await write('1');
    await write('22');
    expect(inSpool()).toEqual([
      'r.test_u_x_y.cml',
      'r.test_u_x_y.cml.old',
      'r.test_u_x_y.tar',
      'r.test_u_x_y.tar.old',
    ]);
    expect(await verifyCheckpointFiles(path('spool', '501', 'r.test_u_x_y.tar.old'))).toMatchObject({
      verified: true,
      bytes: 1,
    });
    await write('333', 'newc');
    expect(inSpool()).toEqual([
      'r.test_u_x_y.cml',
      'r.test_u_x_y.cml.old',
      'r.test_u_x_y.cpio',
      'r.test_u_x_y.tar.old',
    ]);
    expect(await verifyCheckpointFiles(path('spool', '501', 'r.test_u_x_y.tar.old'))).toMatchObject({
      verified: true,
      bytes: 2,
    });
  });

  it('that fails leaves nothing new, and the one before as it was', async () => {
    await write('1');
    const long: Whole = { entry: { type: 'directory', name: 'x'.repeat(200), ...noFacts } };
    await expect(write('22', 'tar', [long])).rejects.toBeInstanceOf(ArchiveLimitError);
    expect(inSpool()).toEqual(['r.test_u_x_y.cml', 'r.test_u_x_y.tar']);
    expect(await verifyCheckpointFiles(path('spool', '501', 'r.test_u_x_y.tar'))).toMatchObject({
      verified: true,
      bytes: 1,
    });
  });

  it('takes the place of what a killed venus left half written', async () => {
    await write('1');
    writeFileSync(path('spool', '501', '.r.test_u_x_y.tar.new'), 'half');
    await write('22');
    expect(inSpool().filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('never goes through a link that somebody put in the place of the directory', async () => {
    mkdirSync(path('elsewhere'));
    mkdirSync(path('spool'));
    symlinkSync(path('elsewhere'), path('spool', '501'));
    await expect(write('1')).rejects.toBeInstanceOf(SpoolError);
    expect(readdirSync(path('elsewhere'))).toEqual([]);
  });

  it('is not verified without its archive or its log', async () => {
    const { archive, log } = await write('123');
    const other = path('other.tar');
    writeFileSync(other, readFileSync(archive));
    expect(await verifyCheckpointFiles(other)).toMatchObject({
      verified: false,
      problems: [{ kind: 'log' }],
    });
    expect(await verifyCheckpointFiles(other, { log })).toMatchObject({ verified: true });
    expect(await verifyCheckpointFiles(path('none.tar'), { log })).toMatchObject({
      verified: false,
      problems: [{ kind: 'no-archive' }],
    });
    expect(await verifyCheckpointFiles(path('none.tar'))).toMatchObject({ verified: false });
  });
});

describe('checkpoints are found', () => {
  it('in all spool directories, the newest first, with their entries and bytes', async () => {
    await write('1');
    const { archive } = await write('22');
    utimesSync(`${archive}.old`, 1000, 1000);
    const data = path('data', 'clients', 'laptop', 'checkpoints');
    await writeCheckpoint(data, { ...owner, uid: 0 }, { lines: [], entries: [] });
    writeFileSync(path('spool', '501', 'lonely.cml'), 'Create \t/coda/f\n');
    writeFileSync(path('spool', '501', 'notes.txt'), '');
    const spools = [path('spool'), ...(await spoolsOfClients(path('data'))), path('none')];
    const { checkpoints, unreadable } = await findCheckpoints(spools);
    expect(unreadable).toEqual([]);
    expect(checkpoints).toHaveLength(4);
    expect(checkpoints).toContainEqual(
      expect.objectContaining({ archive, uid: 501, isOld: false, entries: 2, name: 'r.test_u_x_y' }),
    );
    expect(checkpoints).toContainEqual(
      expect.objectContaining({ archive: undefined, entries: 1, name: 'lonely', bytes: 0 }),
    );
    expect(checkpoints).toContainEqual(expect.objectContaining({ uid: 0, entries: 0 }));
    expect(checkpoints.at(-1)).toMatchObject({ archive: `${archive}.old`, isOld: true, modified: 1_000_000 });
    expect(existsSync(archive)).toBe(true);
  });
});
