import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InUseError } from '../../../src/ipc/errors.ts';
import { DataLock } from '../../../src/venus/store/dataLock.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const take = (name: string, socket = '/run/one.sock') => DataLock.take(temporary(name), socket);

describe('the lock of a data directory', () => {
  it('is had once, and refused to others with the pid and the socket of who has it', async () => {
    mkdirSync(temporary('data'));
    const lock = await take('data', '/run/first.sock');
    await expect(take('data', '/run/second.sock')).rejects.toThrow(InUseError);
    await expect(take('data', '/run/second.sock')).rejects.toMatchObject({
      message: `${temporary('data')}: in use by the venus with pid ${process.pid}`,
      next: 'Stop it with: coda down --venus unix:/run/first.sock',
    });
    lock.release();
  });

  it('is that of the directory, by whatever name', async () => {
    mkdirSync(temporary('data'));
    mkdirSync(temporary('other'));
    symlinkSync(temporary('data'), temporary('alias'));
    const lock = await take('data');
    await expect(take('alias')).rejects.toThrow(InUseError);
    const other = await take('other');
    for (const held of [lock, other]) held.release();
  });

  it('can be had again after it was released', async () => {
    mkdirSync(temporary('data'));
    (await take('data')).release();
    expect(existsSync(temporary('data', 'venus.pid'))).toBe(false);
    (await take('data')).release();
  });

  it('can be had after its holder was killed, whatever is left of it', async () => {
    mkdirSync(temporary('data'));
    const { dev, ino } = statSync(temporary('data'));
    const program = `
      require('node:fs').writeFileSync('venus.pid', JSON.stringify({ pid: process.pid, socket: '/killed.sock' }));
      require('node:net').createServer().listen('\\0coda-toolkit:${dev}:${ino}', () => console.log('held'));`;
    const holder = spawn(process.execPath, ['-e', program], { cwd: temporary('data') });
    await once(holder.stdout, 'data');
    await expect(take('data')).rejects.toThrow(`in use by the venus with pid ${holder.pid}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = await take('data');
    expect(JSON.parse(readFileSync(temporary('data', 'venus.pid'), 'utf8'))).toEqual({
      pid: process.pid,
      socket: '/run/one.sock',
    });
    lock.release();
  });

  it('is waited for while its holder ends, but not for ever', async () => {
    mkdirSync(temporary('data'));
    const lock = await take('data', '');
    const refused: unknown = await DataLock.wait(temporary('data'), 50).catch((error: unknown) => error);
    expect(refused instanceof InUseError && refused.next).toContain(`kill -9 ${process.pid}`);
    const waiting = DataLock.wait(temporary('data'), 10_000);
    setTimeout(() => lock.release(), 50);
    (await waiting).release();
  });
});
