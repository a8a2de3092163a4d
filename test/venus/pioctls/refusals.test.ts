import { beforeAll, describe, expect, it } from 'vitest';
import { errnoName } from '../../../src/ipc/errno.ts';
import { OPERATOR, ROOT, SERVER, raise } from '../support.ts';
import { RawClient, useVenus } from '../socket/servedVenus.ts';

const venus = useVenus();
const TOP = '/test.realm';
const SOMEBODY = 77;

interface Reply {
  readonly end: string;
  readonly body: string;
}

/** Asks over a connection of its own, for the operator if it is not said for whom. */
async function ask(opcode: number, path: string, input = '', uid = OPERATOR, follow = 1): Promise<Reply> {
  const client = await RawClient.connect(venus().socket);
  const frame = (...[code, where, what]: readonly [number, string, string]) =>
    `${code}\n${where.length}\n${follow}\n${what.length}\n2048\n\0${where}${what}`;
  client.send(frame(256, '/', u32(uid)), frame(opcode, path, input));
  client.socket.end();
  const [, , errno = '', body = ''] =
    /^0\n0\n\0((\d+)\n\d+\n\0([^]*))$/.exec(await client.untilEnded()) ?? [];
  if (errno === '') raise('there is no answer');
  return { end: errno === '0' ? 'done' : errnoName(Number(errno)), body };
}

function u32(...values: readonly number[]): string {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32LE(value, 4 * at);
  return bytes.toString('latin1');
}
const fid = (volume: number, vnode: number, unique: number, realm = 'test.realm') =>
  `${u32(volume, vnode, unique)}${realm}\0`;
const settings = (name: string, offline: string, motd: string) =>
  `${'\xff'.repeat(40)}${name}\0${offline}\0${motd}\0`;

beforeAll(async () => {
  const { realm } = venus();
  const files = realm.files();
  for (const name of ['dir', 'closed', 'closed/inner']) await files.mkdir(`${TOP}/${name}`, 0o755);
  await realm.write(`${TOP}/file`, 'contents');
  await files.symlink(`${TOP}/loop`, 'loop');
  await realm.mountVolume('vol');
  await realm.realmServer.createVolume({ name: 'unseen', owner: undefined, maxQuota: 0 });
  expect(await ask(1, `${TOP}/closed`, '1\n0\nSystem:Administrators 127\n\0')).toMatchObject({ end: 'done' });
});

describe('opcodes', () => {
  it.each([0, 7, 195, 196, 226, 245, 255, 300, 65_535])(
    '%d, which nobody serves, is refused',
    async (opcode) => {
      expect(await ask(opcode, TOP)).toEqual({ end: 'EOPNOTSUPP', body: '' });
    },
  );
});

describe('a payload of another size or form', () => {
  it.each<readonly [string, number, readonly string[]]>([
    ['an access list', 1, ['', '0\n0\n']],
    ['a token', 3, ['', 'x'.repeat(151), u32(56)]],
    ['what a volume is asked', 4, ['x', 'xxx', 'xxxxx']],
    ['settings of a volume', 5, ['', 'x'.repeat(39), 'x'.repeat(40), `${'x'.repeat(40)}\0\0`]],
    ['the realm of a token', 8, ['', 'test.realm']],
    ['the realm of a token to forget', 9, ['', 'test.realm']],
    ['servers to probe', 10, ['x', u32(2, 1), u32(0xffffffff)]],
    ['a mount point to remove', 28, ['', 'vol']],
    ['a mount point to look at', 29, ['', 'vol']],
    ['what of the cache is listed', 39, ['', '\x01', '\x01\0', '\0\x04']],
    ['places to look aside', 40, ['', ' --list']],
    ['a server to fetch from', 141, ['', 'x', 'xxxxx']],
    ['a mount point to make', 142, ['', 'a/vol', 'a\0']],
    ['whose fid', 197, ['x', 'xxx', 'xxxxx', 'x'.repeat(8)]],
    ['a fid for a path', 208, ['', u32(ROOT, 1), u32(ROOT, 1, 1), `${u32(ROOT, 1, 1)}test.realm`]],
    ['a fid for its parent', 219, ['', u32(ROOT, 1), u32(ROOT, 1, 1), `${u32(ROOT, 1, 1)}test.realm`]],
    ['a volume for its place', 243, ['', u32(ROOT).slice(1)]],
    ['a user', 256, ['', 'x', 'xxx']],
    ['the realm of a token for its owner', 259, ['', 'test.realm']],
  ])('is refused: %s', async (_, opcode, inputs) => {
    for (const input of inputs)
      expect([input, await ask(opcode, TOP, input)]).toEqual([input, { end: 'EINVAL', body: '' }]);
  });

  it.each([
    ['a name of 31 bytes', settings('n'.repeat(31), '', ''), 'EINVAL'],
    ['a name of 30 bytes', settings('n'.repeat(30), '', ''), 'done'],
    ['an offline message of 256 bytes', settings('', 'm'.repeat(256), ''), 'EINVAL'],
    ['an offline message of 255 bytes', settings('', 'm'.repeat(255), ''), 'done'],
    ['a message of the day of 255 bytes', settings('', '', 'm'.repeat(255)), 'EINVAL'],
    ['a message of the day of 254 bytes', settings('', '', 'm'.repeat(254)), 'done'],
  ])('with %s as settings of a volume: %s', async (_, input, end) => {
    expect((await ask(5, `${TOP}/vol`, input)).end).toBe(end);
  });

  it('is one of 1000 bytes for an access list, its NUL included', async () => {
    const text = (length: number) => `${'0\n0\n'.padEnd(length - 1, '\n')}\0`;
    expect((await ask(1, `${TOP}/dir`, text(1001))).end).toBe('EINVAL');
    expect((await ask(1, `${TOP}/dir`, text(1000))).end).toBe('done');
  });
});

describe('a path', () => {
  const opcodes = [2, 4, 14, 197];
  it.each([
    ['/other.realm', 'ENOENT'],
    [`${TOP}/missing`, 'ENOENT'],
    [`${TOP}/file/x`, 'ENOTDIR'],
    [`${TOP}/loop/x`, 'ELOOP'],
    [`${TOP}/${'x'.repeat(256)}`, 'ENAMETOOLONG'],
    [`${TOP}/nul\0`, 'ENOENT'],
    ['..', 'ENOENT'],
  ])('that leads nowhere is refused to all that ask about it: %j', async (path, end) => {
    for (const opcode of opcodes)
      expect([opcode, await ask(opcode, path)]).toEqual([opcode, { end, body: '' }]);
  });

  it('behind a directory that somebody may not look into is refused to him', async () => {
    for (const opcode of opcodes) {
      expect((await ask(opcode, `${TOP}/closed/inner`, '', SOMEBODY)).end).toBe('EACCES');
      expect((await ask(opcode, `${TOP}/closed/inner`)).end).toBe('done');
    }
  });
});

describe('what is of another kind', () => {
  it.each<readonly [string, number, string, string, string]>([
    ['the list of a file', 2, `${TOP}/file`, '', 'ENOTDIR'],
    ['a list for a file', 1, `${TOP}/file`, '0\n0\n\0', 'ENOTDIR'],
    ['a list for the Coda root', 1, '/', '0\n0\n\0', 'EPERM'],
    ['settings of the Coda root', 5, '/', settings('', '', ''), 'EROFS'],
    ['a mount point in the Coda root', 142, '/', 'new/vol\0', 'EROFS'],
    ['a mount point in a file', 142, `${TOP}/file`, 'new/vol\0', 'ENOTDIR'],
    ['a mount point that is there', 142, TOP, 'vol/vol\0', 'EEXIST'],
    ['a mount point without a name', 142, TOP, '/vol\0', 'EINVAL'],
    ['a mount point called ..', 142, TOP, '../vol\0', 'EINVAL'],
    ['a mount point called @sys', 142, TOP, '@sys/vol\0', 'EINVAL'],
    ['removing a mount point of the Coda root', 28, '/', 'test.realm\0', 'EROFS'],
    ['removing a directory as a mount point', 28, TOP, 'dir\0', 'ENOTDIR'],
    ['removing a link as a mount point', 28, TOP, 'loop\0', 'ENOTDIR'],
    ['removing a mount point that is not there', 28, TOP, 'missing\0', 'ENOENT'],
    ['removing a mount point further down', 28, '/', 'test.realm/vol\0', 'EROFS'],
    ['looking at a mount point further down', 29, '/', 'test.realm/vol\0', 'ENOENT'],
    ['looking at a mount point with a slash', 29, TOP, './vol\0', 'EINVAL'],
    ['looking at a file as a mount point', 29, TOP, 'file\0', 'ENOTDIR'],
    ['looking at a mount point in a file', 29, `${TOP}/file`, 'x\0', 'ENOTDIR'],
    ['the mount point of a directory', 197, `${TOP}/dir`, u32(1), 'EINVAL'],
    ['the mount point of the realm', 197, TOP, u32(1), 'EINVAL'],
    ['the mount point of the Coda root', 197, '/', u32(1), 'EINVAL'],
  ])('is refused: %s', async (_, opcode, path, input, end) => {
    expect(await ask(opcode, path, input)).toEqual({ end, body: '' });
  });
});

describe('a fid', () => {
  it.each([
    ['of a volume that is not there', fid(ROOT + 77, 1, 1), 'EVOLUME'],
    ['of another realm', fid(ROOT, 1, 1, 'other.realm'), 'EVOLUME'],
    ['of nothing', fid(ROOT, 4444, 1), 'ENOENT'],
    ['of what was there before', fid(ROOT, 3, 4444), 'ENOENT'],
    ['of zeros', fid(0, 0, 0), 'EVOLUME'],
    ['of ones', fid(0xffffffff, 0xffffffff, 0xffffffff), 'EVOLUME'],
  ])('%s has neither path nor parent', async (_, input, end) => {
    for (const opcode of [208, 219]) expect(await ask(opcode, '/', input)).toEqual({ end, body: '' });
  });

  it('of a volume that has not been seen mounted has no parent and no place', async () => {
    const unseen =
      (await venus().realm.realmServer.locateVolume({ name: 'unseen' })).location?.id ?? raise('none');
    expect((await ask(219, '/', fid(unseen, 1, 1))).end).toBe('ENOENT');
    const place = (volume: number, realm: string) => `${u32(volume)}${realm.padEnd(68, '\0')}`;
    expect((await ask(243, '/', place(unseen, 'test.realm'))).end).toBe('EINVAL');
    expect((await ask(243, '/', place(ROOT, 'other.realm'))).end).toBe('EINVAL');
    expect(await ask(243, '/', place(ROOT, 'test.realm'))).toEqual({
      end: 'done',
      body: '/coda/test.realm\0',
    });
    expect(await ask(208, '/', fid(unseen, 1, 1))).toEqual({ end: 'done', body: '<unseen>\0' });
  });
});

describe('a token', () => {
  it('that somebody does not have is ENOTCONN, and to forget it is nothing', async () => {
    for (const opcode of [8, 259])
      expect((await ask(opcode, '/', 'test.realm\0', SOMEBODY)).end).toBe('ENOTCONN');
    for (const opcode of [8, 259]) expect((await ask(opcode, '/', 'other.realm\0')).end).toBe('ENOTCONN');
    expect((await ask(9, '/', 'test.realm\0', SOMEBODY)).end).toBe('done');
  });

  it('of a user who has been removed has no owner', async () => {
    await venus().realm.addUser('jan');
    await venus().realm.login('jan', SOMEBODY + 1);
    expect(await ask(259, '/', 'test.realm\0', SOMEBODY + 1)).toEqual({ end: 'done', body: 'jan\0' });
    await venus().realm.realmServer.removeUser({ name: 'jan' });
    expect((await ask(259, '/', 'test.realm\0', SOMEBODY + 1)).end).toBe('ENOENT');
  });
});

describe('a server that cannot be reached', () => {
  it('is ETIMEDOUT to all that need it, and is listed as down', async () => {
    const { network } = venus().realm;
    expect(await ask(10, '/')).toMatchObject({ end: 'done' });
    network.cut('venus', SERVER.name);
    for (const [opcode, input] of [
      [1, '0\n0\n\0'],
      [2, ''],
    ] as const)
      expect([opcode, await ask(opcode, `${TOP}/dir`, input)]).toEqual([
        opcode,
        { end: 'ETIMEDOUT', body: '' },
      ]);
    expect((await ask(10, '/')).body).toContain('\x7f\x0a\x00\x01');
    network.heal('venus', SERVER.name);
    expect((await ask(10, '/')).body).not.toContain('\x7f\x0a\x00\x01');
  });

  it('is not needed for what the client keeps', async () => {
    const { network } = venus().realm;
    expect(await ask(197, `${TOP}/dir`)).toMatchObject({ end: 'done' });
    network.cut('venus', SERVER.name);
    for (const opcode of [4, 14, 197]) expect(await ask(opcode, `${TOP}/dir`)).toMatchObject({ end: 'done' });
    network.heal('venus', SERVER.name);
  });
});
