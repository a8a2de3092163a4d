/** What a commit at a real Coda needs to be gone on with after it was interrupted. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { type Saved, type Work, workSchema } from './work.ts';
import { RepairError } from '../backend.ts';
import { makeDirectory, syncDirectory } from '../../disk/durableDirectory.ts';
import { systemCode } from '../../disk/systemCode.ts';

const JOURNAL = 'journal.json';
const FILE_MODE = 0o600;

/** Work under way and the data that belongs to it, which outlive the tool. All of it is on the disk when a call returns. */
export interface Journals {
  /** The work of an object that was not finished. @throws RepairError for a journal that cannot be read */
  find(id: string): Promise<Work | undefined>;
  write(work: Work): Promise<void>;
  /** Keeps contents; what was kept by the name before is replaced. */
  save(id: string, name: string, contents: AsyncIterable<Uint8Array>): Promise<Saved>;
  read(id: string, saved: Saved): AsyncIterable<Uint8Array>;
  remove(id: string): Promise<void>;
  /** Keeps other tools from the same work until it is released. @throws RepairError while another one is at it */
  lock(id: string): Promise<() => Promise<void>>;
  /** Where a user finds them. */
  directoryOf(id: string): string;
}

/** `$XDG_STATE_HOME/coda/repair`. */
export function journalsDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const state = env['XDG_STATE_HOME'];
  const home = env['HOME'] || homedir();
  return join(state?.startsWith('/') ? state : join(home, '.local', 'state'), 'coda', 'repair');
}

/** @param place which Coda and which user, as different ones may have objects by the same path */
export function journalId(place: string, object: string): string {
  return createHash('sha256').update(`${place}\0${object}`).digest('hex').slice(0, 16);
}

/** Journals as directories that only their owner reads. */
export class DiskJournals implements Journals {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  directoryOf(id: string): string {
    return join(this.#directory, id);
  }

  async find(id: string): Promise<Work | undefined> {
    const file = join(this.directoryOf(id), JOURNAL);
    let text: string;
    try {
      text = await fs.readFile(file, 'utf8');
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Data without a journal: it was interrupted before anything began.
      await this.remove(id);
      return undefined;
    }
    return parsed(file, text);
  }

  async write(work: Work): Promise<void> {
    const directory = this.directoryOf(work.id);
    await makeDirectory(directory);
    const unfinished = join(directory, `${JOURNAL}.new`);
    const file = await fs.open(unfinished, 'w', FILE_MODE);
    try {
      await file.writeFile(JSON.stringify(work));
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(unfinished, join(directory, JOURNAL));
    await syncDirectory(directory);
  }

  async save(id: string, name: string, contents: AsyncIterable<Uint8Array>): Promise<Saved> {
    const directory = join(this.directoryOf(id), 'data');
    await makeDirectory(directory);
    const hash = createHash('sha256');
    let length = 0;
    const file = await fs.open(join(directory, name), 'w', FILE_MODE);
    try {
      for await (const bytes of contents) {
        hash.update(bytes);
        length += bytes.length;
        await file.writeFile(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await syncDirectory(directory);
    return { file: name, length, sha256: hash.digest('hex') };
  }

  async *read(id: string, { file }: Saved): AsyncGenerator<Uint8Array> {
    if (!/^[0-9]+$/.test(file)) throw new RepairError(`${file} is not the name of saved data`);
    const handle = await fs.open(join(this.directoryOf(id), 'data', file), 'r');
    try {
      for await (const bytes of handle.createReadStream({ autoClose: false })) yield asBytes(bytes);
    } finally {
      await handle.close();
    }
  }

  async lock(id: string): Promise<() => Promise<void>> {
    await makeDirectory(this.#directory);
    const file = join(this.#directory, `${id}.lock`);
    const taken = await fs.writeFile(file, String(process.pid), { flag: 'wx', mode: FILE_MODE }).then(
      () => false,
      (error: unknown) => {
        if (systemCode(error) === 'EEXIST') return true;
        throw error;
      },
    );
    if (taken) {
      const holder = Number(await fs.readFile(file, 'utf8'));
      if (holder !== process.pid && isRunning(holder))
        throw new RepairError(`Another process (${holder}) commits the same repair`, {
          why: 'Two at a time would discard what the other one has not saved.',
          next: `Wait until it has ended. If it is something else: remove ${file}`,
        });
      await fs.writeFile(file, String(process.pid), { mode: FILE_MODE });
    }
    return () => fs.rm(file, { force: true });
  }

  async remove(id: string): Promise<void> {
    const directory = this.directoryOf(id);
    // First what makes it a journal, so that nothing half removed is gone on with.
    await fs.rm(join(directory, JOURNAL), { force: true });
    await fs.rm(directory, { recursive: true, force: true });
    await syncDirectory(this.#directory).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}

function parsed(file: string, text: string): Work {
  try {
    return v.parse(workSchema, JSON.parse(text));
  } catch (cause) {
    throw new RepairError(
      `${file} cannot be understood`,
      {
        why: 'It is the journal of a repair that was interrupted; something else has changed it.',
        next: `What was saved is beside it. Save that, and remove ${dirname(file)}`,
      },
      { cause },
    );
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('a file gave something else than bytes');
}

function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}
