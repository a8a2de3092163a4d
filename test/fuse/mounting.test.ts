import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkMountable, clearPlace } from '../../src/fuse/mounting.ts';
import { CodaError } from '../../src/ipc/errors.ts';
import { mountedCodas } from '../../src/fuse/mountTable.ts';

describe('what a mount needs', () => {
  it('is said, and how to get it, where there is no FUSE', () => {
    const check = () => checkMountable(0, '/dev/no-such-device');
    expect(check).toThrow('this system has no FUSE');
    expect(adviceOf(check)).toContain('modprobe fuse');
  });

  it('is root', () => {
    // Any device that everybody may read and write.
    expect(() => checkMountable(1000, '/dev/null')).toThrow('only root can mount');
    expect(() => checkMountable(0, '/dev/null')).not.toThrow();
  });

  it('is a directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'coda-place-'));
    try {
      expect(await clearPlace(directory, 0)).toBe(false);
      await expect(clearPlace(join(directory, 'none'), 0)).rejects.toThrow('there is no such directory');
      await expect(clearPlace(import.meta.filename, 0)).rejects.toThrow('not a directory');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the table of mounts', () => {
  it('names those of this program, with who mounted them', () => {
    const table = [
      'proc /proc proc rw 0 0',
      'coda /home/jan/my\\040coda fuse.coda rw,nosuid,user_id=1000,group_id=100,allow_other 0 0',
      'other /mnt fuse.sshfs rw,user_id=0,group_id=0 0 0',
    ].join('\n');
    expect(mountedCodas(Buffer.from(table))).toEqual([{ directory: '/home/jan/my coda', uid: 1000 }]);
  });
});

function adviceOf(work: () => void): string | undefined {
  try {
    work();
  } catch (error) {
    return error instanceof CodaError ? error.next : undefined;
  }
  return undefined;
}
