import type { DumpItem } from '../../../dump/dumpReader.ts';
import type { DirectoryStatus, FileStatus, ObjectId, ObjectStatus } from '../../../dump/record.ts';
import { formatMode } from '../../../term/mode.ts';
import { formatListTime } from '../../../term/time.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { readDump } from '../../dumpRead.ts';
import { describeDamage, headerToJson, isoTime } from '../../dumpSummary.ts';
import { ExitStatus } from '../../exitStatus.ts';

export const dumpList: Command = {
  usage: 'coda realm dump list <file | ->',
  summary: 'list what is in a dump of a volume; no venus is needed',
  description: [
    'A line for each name, below the root of the volume; directories first. An increment lists what has changed, and what was removed by its number.',
    'Of a damaged dump it lists what is whole, says on stderr where the damage is, and exits with 1.',
    'With --json it prints JSON Lines: an object for each name, the last one sums up.',
  ],
  words: { min: 1, max: 1 },

  async run(context, [file = '']) {
    const listing = new Listing(context);
    const { header, counters, damages, damageCount } = await readDump(context, file, (item) =>
      listing.take(item),
    );
    listing.end();
    for (const damage of damages) {
      if (!context.json) context.terminal.err(`${file}: ${describeDamage(damage)}\n`);
    }
    context.count(damageCount === 0 ? ExitStatus.Done : ExitStatus.Failed);
    const dump = header ? { dump: headerToJson(header) } : {};
    if (context.json) context.printJsonLine({ ...dump, counters, damages, damageCount, failures: [] });
  },
};

/** Where a directory is, for the paths of what is in it. */
interface Place {
  readonly parent: ObjectId | undefined;
  readonly name: string;
}

/** Deeper than this nothing is but a circle. */
const MAX_DEPTH = 4096;

class Listing {
  readonly #context: Context;
  readonly #places = new Map<number, Place>();
  readonly #owners = new Map<number, string>();
  /** They are printed when all of them are known, since one may be in another with a larger number. */
  #directories: DirectoryStatus[] = [];
  #file: FileStatus | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  take(item: DumpItem): void {
    if (item.kind === 'principals') for (const { id, name } of item.principals) this.#owners.set(id, name);
    else if (item.kind === 'removed') for (const id of item.objects) this.#printRemoved(id);
    else if (item.kind === 'file-end') this.#endFile(item.isWhole);
    else if (item.kind === 'object') this.#takeObject(item.status);
  }

  end(): void {
    const directories = this.#directories.splice(0);
    for (const status of directories) this.#print(status, true);
  }

  #takeObject(status: ObjectStatus): void {
    if (status.type === 'directory') {
      this.#places.set(status.id.vnode, { parent: status.parent, name: status.names[0] ?? '' });
      this.#directories.push(status);
      return;
    }
    this.end();
    if (status.type === 'symlink') this.#print(status, true);
    else this.#file = status;
  }

  #endFile(isWhole: boolean): void {
    if (this.#file) this.#print(this.#file, isWhole);
    this.#file = undefined;
  }

  #print(status: ObjectStatus, isWhole: boolean): void {
    const names = status.parent ? status.names : [''];
    for (const name of names) {
      const path = status.parent ? this.#path(status.parent, name) : '/';
      if (this.#context.json) this.#context.printJsonLine(this.#toJson(path, status, isWhole));
      else this.#context.print(this.#line(path, status, isWhole));
    }
  }

  #printRemoved(id: ObjectId): void {
    if (this.#context.json) this.#context.printJsonLine({ removed: number(id) });
    else this.#context.print(`removed ${number(id)}\n`);
  }

  /** From the root of the volume; a directory that is not in the dump shows by its number. */
  #path(parent: ObjectId, name: string): string {
    const parts = [name];
    for (let at: ObjectId | undefined = parent; at && parts.length < MAX_DEPTH;) {
      const place: Place | undefined = this.#places.get(at.vnode);
      if (!place && at.vnode !== 1) return [`(${number(at)})`, ...parts.reverse()].join('/');
      if (place?.parent) parts.push(place.name);
      at = place?.parent;
    }
    return `/${parts.reverse().join('/')}`;
  }

  #line(path: string, status: ObjectStatus, isWhole: boolean): string {
    const kind = { file: '-', directory: 'd', symlink: 'l' }[status.type];
    const target = status.type === 'symlink' ? ` -> ${Buffer.from(status.target).toString()}` : '';
    const columns = [
      `${kind}${formatMode(status.mode)}`,
      this.#owner(status.owner).padEnd(12),
      String(lengthOf(status)).padStart(14),
      formatListTime(status.modified, this.#context.surroundings.now()),
    ];
    return `${columns.join(' ')} ${path}${target}${isWhole ? '' : '  (not whole)'}\n`;
  }

  #toJson(path: string, status: ObjectStatus, isWhole: boolean): object {
    return {
      path,
      type: status.type,
      fid: number(status.id),
      owner: this.#owner(status.owner),
      mode: status.mode.toString(8).padStart(4, '0'),
      length: lengthOf(status),
      modified: isoTime(status.modified),
      isWhole,
    };
  }

  #owner(id: number): string {
    return this.#owners.get(id) ?? String(id);
  }
}

function lengthOf(status: ObjectStatus): bigint {
  if (status.type === 'file') return status.length;
  return status.type === 'symlink' ? BigInt(status.target.length) : 0n;
}

/** As in a fid, without its volume. */
function number({ vnode, unique }: ObjectId): string {
  return `${vnode.toString(16)}.${unique.toString(16)}`;
}
