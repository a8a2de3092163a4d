import { joinPath } from '../ipc/codaPath.ts';
import { CodaError } from '../ipc/errors.ts';
import { resolveTyped } from './commands/files.ts';
import type { RepairRun } from './repairRun.ts';
import { legalCommands } from './stateTable.ts';
import { quoteWord, splitWords } from './words.ts';

/** Names beyond this many are no help. */
const MAX_CANDIDATES = 500;

/**
 * What a line may go on with: a command that may be given now, or a name in Coda.
 * @returns the candidates, and the part of the line that each of them replaces
 */
export async function completionsOf(
  run: RepairRun,
  line: string,
): Promise<readonly [candidates: readonly string[], part: string]> {
  const part = lastPart(line);
  if (line.slice(0, line.length - part.length).trim() === '') {
    const names = legalCommands(run.state).filter((name) =>
      name.toLowerCase().startsWith(part.toLowerCase()),
    );
    return [names.map((name) => `${name} `), part];
  }
  return [await pathsFor(run, part), part];
}

/** The word at the end of the line; a blank behind a backslash belongs to it. */
function lastPart(line: string): string {
  return /(?:\\.|[^\s\\])*$/s.exec(line)?.[0] ?? '';
}

async function pathsFor(run: RepairRun, part: string): Promise<readonly string[]> {
  try {
    const typed = splitWords(part)[0] ?? '';
    const slash = typed.lastIndexOf('/');
    const [directory, begun] = [typed.slice(0, slash + 1), typed.slice(slash + 1)];
    const files = await run.workplace.files();
    const path = await resolveTyped(run, directory === '' ? undefined : directory);
    const found: string[] = [];
    for await (const { name, type } of files.readdir(path)) {
      if (!name.startsWith(begun)) continue;
      found.push(
        `${quoteWord(directory === '' ? name : joinPath(directory, name))}${type === 'directory' ? '/' : ' '}`,
      );
      if (found.length === MAX_CANDIDATES) break;
    }
    return found.sort();
  } catch (error) {
    // There is nothing to offer below what cannot be read; the command will say why.
    if (error instanceof CodaError) return [];
    throw error;
  }
}
