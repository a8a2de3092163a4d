import type { ArchiveEntry } from '../../../cml/archive/entry.ts';
import type { ArchiveError } from '../../../cml/archive/errors.ts';
import { formatListTime } from '../../../term/time.ts';
import type { Options } from '../../command.ts';
import type { Context } from '../../context.ts';
import { withArchive } from './openArchive.ts';

/** Text gathered before it is printed: one system call for many lines. */
const CHUNK = 64 * 1024;

/** Prints what an archive holds, as it is read; JSON Lines with `--json`. */
export async function listMembers(context: Context, archive: string, options: Options): Promise<void> {
  const faults: ArchiveError[] = [];
  const reading = options.flag('keep-going') ? { onFault: (fault: ArchiveError) => faults.push(fault) } : {};
  const printer = new MemberPrinter(context);
  try {
    await withArchive(archive, async (open) => {
      const reader = await open(reading);
      for (let read = await reader.next(); read; read = await reader.next()) printer.print(read.entry);
    });
    context.succeed();
  } catch (error) {
    printer.flush();
    await context.fail(error, archive);
  }
  printer.flush();
  for (const fault of faults) await context.fail(fault, archive);
  if (context.json && context.failures.length > 0) context.printJsonLine({ failures: context.failures });
}

/** Prints entries of archives: a line for each, or JSON Lines. */
export class MemberPrinter {
  readonly #context: Context;
  #text = '';

  constructor(context: Context) {
    this.#context = context;
  }

  print(entry: ArchiveEntry): void {
    if (this.#context.json) {
      this.#context.printJsonLine(toJson(entry));
      return;
    }
    this.#text += formatEntry(entry, this.#context.surroundings.now());
    if (this.#text.length >= CHUNK) this.flush();
  }

  flush(): void {
    if (this.#text !== '') this.#context.print(this.#text);
    this.#text = '';
  }
}

/** `-rw-r--r--    501            4 Nov 20 21:59 docs/file`. */
function formatEntry(entry: ArchiveEntry, now: number): string {
  const kind = { file: '-', hardlink: 'h', directory: 'd', symlink: 'l' }[entry.type];
  const mode = Array.from({ length: 9 }, (_, at) => ((entry.mode >> (8 - at)) & 1 ? 'rwx'[at % 3] : '-'));
  const size = String(entry.type === 'file' ? entry.size : 0).padStart(12);
  const arrow = entry.type === 'symlink' ? ' -> ' : ' is ';
  const target = 'target' in entry ? `${arrow}${entry.target}` : '';
  const time = formatListTime(entry.modified, now);
  return `${kind}${mode.join('')} ${String(entry.uid).padStart(6)} ${size} ${time} ${entry.name}${target}\n`;
}

function toJson({ modified, mode, ...entry }: ArchiveEntry): object {
  const date = new Date(modified);
  const time = Number.isNaN(date.getTime()) ? null : date.toISOString();
  return { ...entry, mode: mode.toString(8).padStart(4, '0'), modified: time };
}
