import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pioctls } from '../../src/ipc/call.ts';
import type { FileTree } from '../../src/ipc/venus.ts';
import type { LocalSession } from '../../src/repair/backend.ts';
import { type Keep, decideAll } from '../../src/repair/keep.ts';
import { DiskJournals, type Journals } from '../../src/repair/real/journals.ts';
import { RealVenus } from '../../src/repair/real/realVenus.ts';
import { RealBackend } from '../../src/repair/realBackend.ts';
import { RealFiles } from './realFiles.ts';
import { VOLUME } from './realChanges.ts';
import { RealVenusDouble } from './realVenus.ts';

export const OBJECT = `${VOLUME}/cscw`;
const NOW = new Date(2026, 10, 21).getTime();

/** The tool is no more: it did not get any further. */
export class Killed extends Error {}

/** Counts what a tool does, and kills it at one of these steps. */
export class Executioner {
  count = 0;
  /** Steps are counted from 1. */
  victim: { readonly step: number; readonly when: 'before' | 'after' } | undefined;
  isDead = false;

  async step<T>(work: () => Promise<T>): Promise<T> {
    if (this.isDead) throw new Killed();
    this.count += 1;
    const isNow = this.victim?.step === this.count;
    if (isNow && this.victim?.when === 'before') this.#kill();
    const result = await work().catch((error: unknown) => {
      // What venus answers is not heard either.
      if (isNow) this.#kill();
      throw error;
    });
    if (isNow) this.#kill();
    return result;
  }

  #kill(): never {
    this.isDead = true;
    throw new Killed();
  }
}

/** What repairs local mutations. */
interface LocalTool {
  begin(path: string): Promise<LocalSession>;
}

/** A client of a real Coda with one object in conflict, and tools that repair it. */
export class RealLab {
  readonly venus: RealVenusDouble;
  readonly files: RealFiles;
  readonly state = mkdtempSync(join(tmpdir(), 'coda-repair-test-'));

  constructor(object = 'cscw') {
    this.venus = new RealVenusDouble(object);
    this.files = new RealFiles(this.venus);
    chmodSync(this.state, 0o700);
  }

  get journals(): DiskJournals {
    return new DiskJournals(join(this.state, 'coda', 'repair'));
  }

  /** A tool that is started now. */
  tool(executioner = new Executioner(), patience = 300, limit = 2000): LocalTool {
    const { venus } = this;
    const pioctls: Pioctls = { pioctl: (request) => executioner.step(() => venus.pioctl(request)) };
    const backend = new RealBackend({
      venus: new RealVenus(pioctls, process.getuid?.() ?? 0, limit),
      files: watchedFiles(this.files, executioner),
      journals: watchedJournals(this.journals, executioner),
      patience,
      place: 'test',
      roots: ['/coda'],
      client: 'laptop',
    });
    return {
      async begin(path) {
        const session = await backend.begin(path);
        if (session.kind !== 'local/global') throw new Error(`${path} is in conflict among the servers`);
        return session;
      },
    };
  }

  end(): void {
    rmSync(this.state, { recursive: true, force: true });
    for (const listing of this.venus.listings) rmSync(listing, { force: true });
  }
}

/** Whose version is kept, or that nothing of what was done at the client is. */
export type Ending = Keep | 'none';

/** Decides about all that is left, and commits. */
export async function settle(session: LocalSession, ending: Ending): Promise<void> {
  if (ending === 'none') while ((await session.discard()).kind === 'done');
  else {
    const decided = decideAll(session, ending, 'laptop', { object: OBJECT }, NOW);
    while (!(await decided.next()).done);
  }
  const committed = await session.commit();
  if (committed.kind === 'overtaken') throw new Error(`overtaken: ${JSON.stringify(committed.verdict)}`);
}

/** Changes are single steps; looking is none, as nothing depends on it. */
function watchedFiles(files: FileTree, executioner: Executioner): FileTree {
  return {
    lstat: (path) => files.lstat(path),
    resolve: (path) => files.resolve(path),
    readdir: (path) => files.readdir(path),
    readlink: (path) => files.readlink(path),
    read: (path) => files.read(path),
    write: (path, contents, options) => executioner.step(() => files.write(path, contents, options)),
    mkdir: (path, mode) => executioner.step(() => files.mkdir(path, mode)),
    symlink: (path, target) => executioner.step(() => files.symlink(path, target)),
    link: (existing, path) => executioner.step(() => files.link(existing, path)),
    rename: (from, to) => executioner.step(() => files.rename(from, to)),
    remove: (path) => executioner.step(() => files.remove(path)),
    setattr: (path, change) => executioner.step(() => files.setattr(path, change)),
  };
}

function watchedJournals(journals: Journals, executioner: Executioner): Journals {
  return {
    find: (id) => executioner.step(() => journals.find(id)),
    write: (work) => executioner.step(() => journals.write(work)),
    save: (id, name, contents) => executioner.step(() => journals.save(id, name, contents)),
    read: (id, saved) => journals.read(id, saved),
    lock: (id) => journals.lock(id),
    remove: (id) => executioner.step(() => journals.remove(id)),
    directoryOf: (id) => journals.directoryOf(id),
  };
}
