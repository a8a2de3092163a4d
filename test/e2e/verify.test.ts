import { readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fid } from '../../src/ipc/fid.ts';
import { Database } from '../../src/venus/store/database.ts';
import { type Vnode, Vnodes } from '../../src/venus/tree/vnodes.ts';
import { TestRealm } from './support.ts';

const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
const ROOT = '/coda/test.realm';
const SUMS = '3 servers compared: s1 s2 s3';
let realm: TestRealm;

const run = (words: readonly string[], input = '', env: Readonly<Record<string, string>> = laptop) =>
  realm.run('coda', words, { env, input });
const ok = (tool: string, words: readonly string[], input = '', env: typeof laptop = laptop) =>
  realm.ok(tool, words, { env, input });
const put = (name: string, input: string) => ok('coda', ['put', '-', name], input);
const verify = (...words: readonly string[]) => run(['verify', ...words]);

/** A container of a server's store, by what is in it. */
function containerWith(server: string, contents: string): string {
  const directory = join(realm.data, 'servers', server, 'containers');
  for (const part of readdirSync(directory))
    for (const name of readdirSync(join(directory, part))) {
      const path = join(directory, part, name);
      if (readFileSync(path, 'latin1') === contents) return path;
    }
  throw new Error(`no container at ${server} with ${contents}`);
}

/** Changes what a server that does not run has in its store. */
async function damage(server: string, change: (vnodes: Vnodes) => Promise<void>): Promise<void> {
  await ok('coda', ['realm', 'server', 'stop', server]);
  const database = await Database.open(join(realm.data, 'servers', server, 'metadata'));
  await change(new Vnodes(database));
  await database.close();
  await ok('coda', ['realm', 'server', 'start', server]);
}

/** The same for one object, by its name in the root directory. */
function change(server: string, name: string, changed: (vnode: Vnode) => Vnode): Promise<void> {
  return damage(server, (vnodes) =>
    vnodes.database.transaction((writer) => vnodes.put(writer, changed(vnodes.child(root(vnodes), name)))),
  );
}

function root(vnodes: Vnodes): Fid {
  const [volume] = [...vnodes.volumes()];
  return { volume: volume?.id ?? 0, vnode: 1, unique: 1 };
}

/** Damages containers of a server while it does not run. */
async function damageContents(server: string, contents: string, how: (path: string) => void): Promise<void> {
  await ok('coda', ['realm', 'server', 'stop', server]);
  how(containerWith(server, contents));
  await ok('coda', ['realm', 'server', 'start', server]);
}

const flip = (path: string) => writeFileSync(path, readFileSync(path, 'latin1').replace(/^./, 'X'));

async function start(servers: string, ...more: readonly string[]): Promise<void> {
  realm = await TestRealm.start('--servers', servers, '--clients', 'laptop,desk', ...more);
  await ok('coda', ['realm', 'user', 'add', 'jan', '--administrator'], 'janjan\n');
  for (const env of [laptop, desk]) await ok('clog', ['jan@test.realm'], 'janjan\n', env);
}

/** Waits until the second phase of what was done is at all servers. */
async function agree(): Promise<void> {
  for (let tries = 0; tries < 50; tries++) if ((await verify('.')).status === 0) return;
  throw new Error((await verify('.')).stdout);
}

afterEach(async () => {
  await run(['down']);
  await realm.end();
});

describe.each([{ more: [] }, { more: ['--processes'] }])('three servers $more', ({ more }) => {
  beforeEach(async () => {
    await start('s1,s2,s3', ...more);
    await ok('coda', ['mkdir', 'd']);
    await put('d/inner', 'inside\n');
    await put('file', 'contents\n');
    await put('other', 'other contents\n');
    await ok('coda', ['ln', '-s', 'file', 'link']);
    await agree();
  });

  it('are equal where nothing is damaged', async () => {
    const { status, stdout, stderr } = await verify('.');
    expect(stdout).toBe(`.: 6 objects; 31 bytes; 0 differences; ${SUMS}\n`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const json = (await verify('--json', 'd')).stdout
      .split('\n')
      .map((line): unknown => line && JSON.parse(line));
    expect(json).toEqual([
      {
        path: 'd',
        sums: {
          objects: 2,
          bytes: 7,
          differences: 0,
          conflicts: 0,
          uncompared: 0,
          volumes: [{ name: '/', compared: ['s1', 's2', 's3'], unreached: [] }],
          mounts: 0,
        },
      },
      { isEqual: true, failures: [] },
      '',
    ]);
  });

  it('are healed where contents are gone, cut short or changed at one of them', async () => {
    await damageContents('s2', 'contents\n', (path) => rmSync(path));
    await damageContents('s3', 'other contents\n', (path) => truncateSync(path, 3));
    await damageContents('s1', 'inside\n', flip);
    const found = await verify('.');
    expect(found.status).toBe(1);
    expect(found.stdout.split('\n').sort()).toEqual([
      '',
      `.: 6 objects; 31 bytes; 3 differences; ${SUMS}`,
      `${ROOT}/d/inner: the contents differ at s1 from those at s2 and s3, first in bytes 0 to 7.`,
      `${ROOT}/file: the contents are lost or damaged at s2.`,
      `${ROOT}/other: the contents are lost or damaged at s3.`,
    ]);
    const healed = await verify('--heal', '.');
    expect(healed.stdout).toContain(`${ROOT}/file: given anew to s2.\n`);
    expect(healed.stdout).toContain(`${ROOT}/other: given anew to s3.\n`);
    expect(healed.stdout).toContain(`${ROOT}/d/inner: given anew to s1.\n`);
    expect(healed.stdout).toContain(`.: 6 objects; 31 bytes; 0 differences; ${SUMS}\n`);
    expect(healed.status).toBe(0);
    expect(containerWith('s2', 'contents\n')).not.toBe('');
    expect(containerWith('s3', 'other contents\n')).not.toBe('');
    expect(containerWith('s1', 'inside\n')).not.toBe('');
    expect(await verify('.')).toMatchObject({ status: 0 });
  });

  it('are healed where one of them has another mode, owner or access list, or lacks names', async () => {
    await change('s1', 'file', (vnode) => ({ ...vnode, mode: 0o600 }));
    await change('s2', 'd', (vnode) =>
      vnode.type === 'directory'
        ? { ...vnode, acl: { ...vnode.acl, negative: [{ id: 7, rights: 1 }] } }
        : vnode,
    );
    await damage('s3', (vnodes) =>
      vnodes.database.transaction((writer) => {
        for (const name of ['d', 'link']) {
          const vnode = vnodes.child(root(vnodes), name);
          vnodes.put(writer, vnodes.removeEntry(writer, vnodes.directory(root(vnodes)), name, vnode));
          if (vnode.type === 'directory') vnodes.clearEntries(writer, vnode.fid);
          vnodes.remove(writer, vnode);
        }
      }),
    );
    const found = await verify('.');
    expect(found.status).toBe(1);
    expect(found.stdout).toContain(`${ROOT}/file: the mode differs at s1: 0600 at s1, 0644 at s2 and s3.\n`);
    expect(found.stdout).toContain(`${ROOT}/d: the access list differs: `);
    expect(found.stdout).toContain(`${ROOT}/d: the directory is missing at s3; s1 and s2 have it.\n`);
    expect(found.stdout).toContain(`${ROOT}/link: the link is missing at s3; s1 and s2 have it.\n`);
    const first = await verify('--heal', '.');
    // With two replicas left, nothing tells whose access list is right.
    expect(first.stdout).toContain(`${ROOT}/d: left as it is. The replicas at s1 and s2 differ`);
    expect(first.stdout).toContain(`${ROOT}: given anew to s3.\n`);
    // The directory that was made anew has that of its source.
    const second = await verify('--heal', '.');
    expect(second.stdout).toContain(`${ROOT}/d: given anew to s2.\n`);
    expect(second.stdout).toContain(`.: 6 objects; 31 bytes; 0 differences; ${SUMS}\n`);
    expect(second.status).toBe(0);
  });

  it('are not all compared while one is down: the status says so', async () => {
    await ok('coda', ['realm', 'server', 'stop', 's2']);
    const away = await verify('.');
    expect(away.stdout).toBe(
      '.: 6 objects; 31 bytes; 0 differences; 2 servers compared: s1 s3; INCOMPLETE, could not be reached: s2\n',
    );
    expect(away.status).toBe(5);
  });

  it('serve contents from another one where the first has lost them', async () => {
    await ok('coda', ['realm', 'server', 'stop', 's1']);
    rmSync(containerWith('s1', 'contents\n'));
    truncateSync(containerWith('s1', 'other contents\n'), 5);
    await ok('coda', ['realm', 'server', 'start', 's1']);
    expect((await run(['cat', 'file'], '', desk)).stdout).toBe('contents\n');
    expect((await run(['cat', 'other'], '', desk)).stdout).toBe('other contents\n');
  });
});

describe('replicas that nothing can tell apart', () => {
  it('stay as they are: with two servers a lost file is healed, a changed one is not', async () => {
    await start('s1,s2');
    await put('file', 'contents\n');
    await put('other', 'other contents\n');
    await agree();
    await damageContents('s1', 'contents\n', (path) => rmSync(path));
    await damageContents('s2', 'other contents\n', flip);
    const healed = await verify('--heal', '.');
    expect(healed.status).toBe(1);
    expect(healed.stdout).toContain(`${ROOT}/file: given anew to s1.\n`);
    expect(healed.stdout).toContain(
      `${ROOT}/other: left as it is. The replicas at s1 and s2 differ, and nothing tells which is right.\n`,
    );
    const left = `${ROOT}/other: the contents differ between s1 and s2, first in bytes 0 to 15; nothing tells which are right.\n`;
    expect((await verify('.')).stdout).toContain(left);
  });

  it('are reported as a conflict, with the status of one', async () => {
    await start('s1,s2');
    await put('file', 'one\n');
    await agree();
    await ok('coda', ['realm', 'link', 'cut', 's1', 's2']);
    await ok('coda', ['realm', 'link', 'cut', 'laptop', 's2']);
    await ok('coda', ['realm', 'link', 'cut', 'desk', 's1']);
    await put('file', 'left\n');
    await ok('coda', ['put', '-', 'file'], 'right side\n', desk);
    await ok('coda', ['realm', 'link', 'heal', '--all']);
    const found = await verify('--heal', 'file');
    expect(found.status).toBe(6);
    expect(found.stdout).toContain(
      'the file is in conflict, marked so at s1 and s2: it has to be repaired.\n',
    );
    expect(found.stdout).toContain('left as it is. It is in conflict');
  });
});

describe('volumes that are mounted below', () => {
  it('are compared only with --cross', async () => {
    await start('s1,s2');
    await ok('coda', ['realm', 'volume', 'create', 'below', '--servers', 's1,s2']);
    await ok('cfs', ['mkmount', 'below', 'below']);
    await put('below/file', 'contents\n');
    await agree();
    expect((await verify('.')).stdout).toContain('1 mount point not crossed');
    await damageContents('s1', 'contents\n', flip);
    expect(await verify('.')).toMatchObject({ status: 0 });
    expect(await verify('--cross', '.')).toMatchObject({ status: 1 });
    expect((await verify('below')).stdout).toContain(`${ROOT}/below/file: the contents differ`);
  });
});
