import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, type RunOptions, TestRealm, run } from './support.ts';

/** Why nothing can be mounted on this machine; undefined where it can. */
export const whyNotMountable = reason();
if (whyNotMountable !== undefined) process.stderr.write(`Tests of mounts are left out: ${whyNotMountable}\n`);

function reason(): string | undefined {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return '/dev/fuse is not there, or not for this user';
  }
  return process.getuid?.() === 0 ? undefined : 'only root is sure to be allowed to mount';
}

/** A realm that is mounted, with a user who may do everything. */
export class MountedRealm {
  readonly realm: TestRealm;
  readonly directory: string;

  static async start(...options: readonly string[]): Promise<MountedRealm> {
    const mounted = new MountedRealm(await TestRealm.start(...options));
    try {
      await mounted.realm.addUser('jan', '--administrator');
      await mounted.realm.login('jan');
      await mounted.mount();
    } catch (error) {
      await mounted.end();
      throw error;
    }
    return mounted;
  }

  private constructor(realm: TestRealm) {
    this.realm = realm;
    this.directory = join(realm.directory, 'mounted');
    mkdirSync(this.directory);
  }

  /** The root of the realm, where files may be made. */
  get root(): string {
    return join(this.directory, 'test.realm');
  }

  async mount(): Promise<number> {
    const { pid } = asRecord(JSON.parse(await this.realm.ok('coda', ['mount', '--json', this.directory])));
    if (typeof pid !== 'number') throw new Error('coda mount told no pid');
    return pid;
  }

  /** Runs a shell script in a directory below the root of the realm. */
  shell(script: string, cwd = this.root, options: RunOptions = {}): Promise<Finished> {
    return run('/bin/sh', ['-c', script], {
      ...options,
      cwd,
      env: { ...this.realm.env, ...options.env },
    });
  }

  async end(): Promise<void> {
    // Whatever happened before: what is left mounted would stay for ever.
    spawnSync('umount', ['-l', this.directory]);
    await this.realm.end();
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
