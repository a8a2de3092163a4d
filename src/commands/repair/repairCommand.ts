import { type Stats, createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { splitPath } from '../../ipc/codaPath.ts';
import type { RepairBackend } from '../../repair/backend.ts';
import { completionsOf } from '../../repair/completion.ts';
import { Interruptions } from '../../repair/interruptions.ts';
import { type Ending, INTRODUCTION, ScriptError, converse, runScript } from '../../repair/repl.ts';
import { RepairRun } from '../../repair/repairRun.ts';
import { quoteWord } from '../../repair/words.ts';
import type { FileTree } from '../../ipc/venus.ts';
import { InterruptedError } from '../../term/prompts.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError, exitStatusOf } from '../exitStatus.ts';
import { ReplacedFiles } from '../coda/replacedFiles.ts';
import { historyFile, readHistory, writeHistory } from './history.ts';
import type { Lines } from './lines.ts';
import { PipedLines, linesOf } from './pipedLines.ts';
import { ProcessConversation } from './processConversation.ts';
import { list, settle } from './settle.ts';
import { withSignals } from './signals.ts';
import { TerminalLines } from './terminalLines.ts';

/** Who does what a session decides, and the files that it is about. */
export interface RepairPlace {
  readonly backend: RepairBackend;
  readonly files: () => Promise<FileTree>;
}
export type OpenPlace = (context: Context) => Promise<RepairPlace>;

const LABEL = 'repair';

/** The tool, for any backend. */
export function repairCommand(open: OpenPlace): Command {
  return {
    usage:
      'repair [<object> [<fixfile> [-acl <user> <rights>] [-owner <uid>] [-mode <octal>]]] [--keep mine|server|both|newest|<server> [--fresh] | --list | --script <file>]',
    summary: 'settle conflicts between this client and the servers, and among the servers',
    description: [
      'Without options it reads commands, at a terminal with a prompt, history and completion. With an object it begins with that object.',
      'With a fix file, too, it compares what the servers have of a directory, writes the fix file and applies it, without a question: everything that anybody wrote is kept.',
      'The object is collapsed however the tool ends; only a commit or a repair changes anything at the servers.',
    ],
    options: [
      {
        flags: '--keep <whose>',
        summary:
          'decide about everything at once: mine, server or both versions, then commit; where servers differ: both, newest or the name of a server',
        values: ['mine', 'server', 'both', 'newest'],
      },
      {
        flags: '--list',
        summary: 'list the local mutations and what is in the way of each, or in what servers differ',
      },
      {
        flags: '--script <file>',
        summary: 'read commands from a file, - for stdin, up to the first that fails',
      },
      { flags: '--fresh', summary: 'with --keep: drop a session that is found, and begin anew' },
      {
        flags: '--compare <options>',
        summary:
          "with a fix file: what all servers get, in compareDirs' words, as -acl, -owner and -mode say",
      },
    ],
    examples: [
      'repair',
      'repair /coda/example.org/usr/luqi/papers --list',
      'repair /coda/example.org/usr/luqi/papers --keep both',
      'repair /coda/example.org/project --keep s2',
    ],
    words: { max: 2 },
    classicFailure: 1,
    prepare(words) {
      if (/^--?remove(=|$)/.test(words[0] ?? ''))
        throw new UsageError('-remove is not there yet: settle the conflict first, then remove the object');
      return withCompareOptions(words);
    },
    async run(context, [object, fixFile], options) {
      const how = howOf(object, fixFile, options, context.json);
      const interruptions = new Interruptions();
      await withSignals(interruptions, () => perform(context, open, object, how, interruptions));
    },
  };
}

type How =
  | { readonly kind: 'converse' }
  | { readonly kind: 'script'; readonly file: string }
  | { readonly kind: 'fix file'; readonly file: string; readonly compare: string }
  | { readonly kind: 'list'; readonly object: string }
  | { readonly kind: 'keep'; readonly object: string; readonly keep: string; readonly fresh: boolean };

/** Gathers the options of compareDirs, whose values are several words, in one of the tool's own. */
function withCompareOptions(words: readonly string[]): readonly string[] {
  const [gathered, others]: [string[], string[]] = [[], []];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const values = { acl: 2, owner: 1, mode: 1 }[/^--?(acl|owner|mode)$/.exec(word)?.[1] ?? ''] ?? 0;
    if (values === 0) others.push(word);
    else gathered.push(word, ...words.slice(at + 1, at + 1 + values).map(quoteWord));
    at += values;
  }
  return gathered.length === 0 ? others : [...others, `--compare=${gathered.join(' ')}`];
}

/** @throws UsageError */
function howOf(
  object: string | undefined,
  fixFile: string | undefined,
  options: Options,
  json: boolean,
): How {
  const [whose, file, lists] = [options.value('keep'), options.value('script'), options.flag('list')];
  const chosen = [whose !== undefined, file !== undefined, lists].filter(Boolean).length;
  if (chosen > 1) throw new UsageError('--keep, --list and --script exclude each other');
  if (json && whose === undefined && !lists) throw new UsageError('--json goes with --keep or --list');
  const fresh = options.flag('fresh');
  if (fresh && whose === undefined) throw new UsageError('--fresh goes with --keep');
  const compare = options.value('compare') ?? '';
  if (fixFile === undefined && compare !== '')
    throw new UsageError('-acl, -owner and -mode go with an object and a fix file');
  if (fixFile !== undefined) {
    if (chosen > 0) throw new UsageError('a fix file goes without --keep, --list and --script');
    return { kind: 'fix file', file: fixFile, compare };
  }
  if (file !== undefined) return { kind: 'script', file };
  if (whose === undefined && !lists) return { kind: 'converse' };
  if (object === undefined) throw new UsageError('an object is missing');
  if (whose === undefined) return { kind: 'list', object };
  return { kind: 'keep', object, keep: whose, fresh };
}

async function perform(
  context: Context,
  open: OpenPlace,
  object: string | undefined,
  how: How,
  interruptions: Interruptions,
): Promise<void> {
  const first = object === undefined ? undefined : `beginRepair ${quoteWord(object)}`;
  if (how.kind === 'converse') await performConversation(context, open, interruptions, first);
  else if (how.kind === 'fix file') {
    const run = await runFor(context, open, new ProcessConversation(context, interruptions, undefined));
    const file = quoteWord(how.file);
    const lines = Readable.from([
      Buffer.from(`compareDirs ${file} ${how.compare}\ndoRepair ${file}\nquit\n`),
    ]);
    countEnding(context, run, await runScript(run, 'repair', linesOf(lines), interruptions, first));
  } else if (how.kind === 'script') {
    const run = await runFor(context, open, new ProcessConversation(context, interruptions, undefined));
    const name = how.file === '-' ? 'stdin' : how.file;
    const ending = await runScript(run, name, linesOf(openScript(how.file)), interruptions, first);
    countEnding(context, run, ending);
  } else {
    const run = await runFor(context, open, new ProcessConversation(context, interruptions, undefined));
    await performAtOnce(context, run, how, interruptions);
  }
}

async function runFor(
  context: Context,
  open: OpenPlace,
  conversation: ProcessConversation,
): Promise<RepairRun> {
  const { backend, files } = await open(context);
  return new RepairRun({
    backend,
    files,
    copies: async (path) =>
      new ReplacedFiles(context.surroundings, await files(), path, splitPath(path).entry),
    conversation,
    env: context.surroundings.env,
    now: context.surroundings.now,
    toVenusPath: async (typed) => (await context.target(typed)).path,
    toUserPath: (path) => context.userPath(`/coda${path}`),
  });
}

async function performConversation(
  context: Context,
  open: OpenPlace,
  interruptions: Interruptions,
  first: string | undefined,
): Promise<void> {
  const { terminal } = context;
  let opened: RepairRun | undefined;
  const lines = openLines(context, interruptions, (line) =>
    opened ? completionsOf(opened, line) : Promise.resolve([[], line]),
  );
  try {
    const run = await runFor(context, open, new ProcessConversation(context, interruptions, lines));
    opened = run;
    if (terminal.inIsTerminal && terminal.outIsTerminal && first === undefined)
      context.print(`${INTRODUCTION}\n`);
    const source = { next: (prompt: string) => lines.read(prompt, 'command') };
    countEnding(context, run, await converse(run, source, interruptions, first));
  } finally {
    lines.close();
  }
}

function openLines(
  context: Context,
  interruptions: Interruptions,
  completer: ConstructorParameters<typeof TerminalLines>[1],
): Lines {
  const { terminal, surroundings } = context;
  if (!terminal.inIsTerminal || !terminal.outIsTerminal)
    return new PipedLines(process.stdin, interruptions.over, (text) => terminal.err(text));
  const file = historyFile(surroundings.env);
  const lines = new TerminalLines(file === undefined ? [] : readHistory(file), completer, interruptions);
  return {
    read: (prompt, kind) => lines.read(prompt, kind),
    suspended: (work) => lines.suspended(work),
    close() {
      lines.close();
      if (file !== undefined) saveHistory(context, file, lines.history);
    },
  };
}

function saveHistory(context: Context, file: string, history: readonly string[]): void {
  try {
    writeHistory(file, history);
  } catch (error) {
    context.note(`The history was not saved: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws UsageError for a script that cannot be read */
function openScript(file: string): AsyncIterable<unknown> {
  if (file === '-') return process.stdin;
  let stats: Stats;
  try {
    stats = statSync(file);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), {}, { cause });
  }
  if (stats.isDirectory()) throw new UsageError(`${file} is a directory, not a script`);
  return createReadStream(file);
}

/** `--keep` and `--list`: whatever goes wrong, the object is collapsed. */
async function performAtOnce(
  context: Context,
  run: RepairRun,
  how: Extract<How, { kind: 'keep' | 'list' }>,
  { over }: Interruptions,
): Promise<void> {
  try {
    if (how.kind === 'list') await list(context, run, how.object);
    else await settle(context, run, how.object, how.keep, how.fresh, over);
    if (over.aborted && run.hasObject) throw new InterruptedError();
    context.succeed();
  } catch (error) {
    await context.fail(error, LABEL, how.object);
  } finally {
    await leave(context, run);
  }
  if (context.json && context.failures.length > 0) context.printJson({ failures: context.failures });
}

async function leave(context: Context, run: RepairRun): Promise<void> {
  // That there is a session was said already, with what to do.
  if (run.state === 'stale') run.leaveAsFound();
  try {
    await run.leave();
  } catch (error) {
    await context.fail(error, LABEL);
  }
}

/** What a run of commands ends with. */
function countEnding(context: Context, run: RepairRun, { failure, isInterrupted }: Ending): void {
  const cause = failure instanceof ScriptError ? failure.cause : failure;
  if (isInterrupted) context.count(ExitStatus.Interrupted);
  else if (cause instanceof Error) context.count(exitStatusOf(cause));
  else if (failure !== undefined && run.standing === 'no session') context.count(ExitStatus.Failed);
  else if (run.standing === 'left expanded') context.count(ExitStatus.Failed);
  else if (failure !== undefined || run.standing === 'conflict remains') context.count(ExitStatus.Conflict);
  else context.succeed();
}
