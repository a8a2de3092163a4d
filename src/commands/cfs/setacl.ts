import {
  type AccessEntry,
  type AccessList,
  type AclSide,
  checkAcl,
  formatAcl,
  parseAcl,
} from '../../acl/accessList.ts';
import { mergeAcl, sameAcl } from '../../acl/mergeAcl.ts';
import { formatRights, parseRights } from '../../acl/rights.ts';
import { type Pioctls, call } from '../../ipc/call.ts';
import { getAcl } from '../../ipc/calls/getAcl.ts';
import { setAcl } from '../../ipc/calls/setAcl.ts';
import { errno } from '../../ipc/errno.ts';
import { CodaError, VenusError, isErrno } from '../../ipc/errors.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';
import { forEachDirectory } from '../tree.ts';

/** What the command line asks for. */
interface Change {
  /** Starts from an empty list. */
  readonly clear: boolean;
  readonly side: AclSide;
  readonly entries: readonly AccessEntry[];
}

const EMPTY: AccessList = { positive: [], negative: [] };
/** Servers put lists with more negative entries than one into a wrong order (spec/cfs.md, 7.4). */
const RISKY_NEGATIVES = 2;

export const setacl: Command = {
  usage: 'cfs setacl [-clear] [-negative] <dir> <name> <rights> [<name> <rights> ....]',
  summary: 'change the access list of a directory',
  description: [
    'Rights are letters of rlidwka, or all, or none; none removes an entry. Names that are there already get the ' +
      'rights given, others are added.',
  ],
  options: [
    { flags: '--clear', summary: 'start from an empty list' },
    { flags: '--negative', summary: 'change the entries that take rights away' },
    { flags: '-R, --recursive', summary: 'in the whole tree below the directory' },
    { flags: '--dry-run', summary: 'show what would change, and change nothing' },
  ],
  examples: [
    'cfs sa . System:AnyUser rl',
    'cfs sa -negative . baduser rl',
    'cfs sa -R --dry-run project jan all',
  ],
  optionsFirst: true,

  async run(context, words, options) {
    const [directory, ...pairs] = words;
    if (options.flag('clear') && options.flag('negative')) {
      refuseClearNegative(context);
      return;
    }
    if (directory === undefined || pairs.length < 2 || pairs.length % 2 !== 0) {
      throw new UsageError('a name and its rights go together');
    }
    const work = options.flag('recursive') || options.flag('dry-run') ? changeTree : changeOne;
    await work(context, directory, pairs, options);
  },
};

function refuseClearNegative(context: Context): void {
  context.print("Sorry, I won't let you specify -clear and -negative together\n");
  context.print('Such an ACL would not allow access to anyone\n');
  context.count(ExitStatus.Usage);
}

/** One directory, in the order of the C tool: read, then look at the rights, then store. */
async function changeOne(
  context: Context,
  directory: string,
  pairs: readonly string[],
  options: Options,
): Promise<void> {
  const venus = await context.pioctls();
  try {
    const { path } = await context.target(directory);
    const clear = options.flag('clear');
    const present = clear ? EMPTY : parseAcl(await call(venus, getAcl, path), 'reply');
    const change = readChange(context, pairs, options);
    if (!change) return;
    const wanted = mergeAcl(present, change.entries, change.side);
    checkAcl(wanted);
    await storeList(context, {
      venus,
      directory,
      path,
      wanted,
      names: change.entries.map(({ name }) => name),
    });
  } catch (error) {
    await context.fail(error, directory, directory);
  }
  if (context.json) context.printJson({ failures: context.failures });
}

interface Storing {
  readonly venus: Pioctls;
  readonly directory: string;
  readonly path: string;
  readonly wanted: AccessList;
  /** Those on the command line. */
  readonly names: readonly string[];
}

/** The final step, whose failure the C tool does not show in its exit status (spec/cfs.md, Q7, Q23). */
async function storeList(
  context: Context,
  { venus, directory, path, wanted, names }: Storing,
): Promise<void> {
  try {
    await store(venus, path, wanted);
    context.succeed();
  } catch (error) {
    await context.fail(isErrno(error, 'ENOENT') ? unknownName(names) : error, directory, directory, 0);
    if (isErrno(error, 'ENOENT', 'EINVAL')) context.terminal.err('*** User unknown by the servers?\n');
  }
}

/** The directory was just read, so what is missing is a name. */
function unknownName(names: readonly string[]): VenusError {
  return new VenusError(errno('ENOENT'), {
    why: `The servers do not know one of the names: ${names.join(', ')}, or one that is in the list already.`,
    next: 'See who there is: coda realm user list, coda realm group list',
  });
}

/** A whole tree, many directories at a time; only those that differ are stored. */
async function changeTree(
  context: Context,
  directory: string,
  pairs: readonly string[],
  options: Options,
): Promise<void> {
  const change = readChange(context, pairs, options);
  if (!change) return;
  const dryRun = options.flag('dry-run');
  const venus = await context.venus();
  let changed = 0;
  const work = async (path: string) => {
    const before = parseAcl(await call(venus, getAcl, path), 'reply');
    const after = mergeAcl(change.clear ? EMPTY : before, change.entries, change.side);
    checkAcl(after);
    const differs = !sameAcl(before, after);
    if (differs && !dryRun) await store(venus, path, after);
    return { before, after, differs };
  };
  const print = (typed: string, { before, after, differs }: Awaited<ReturnType<typeof work>>) => {
    if (differs) changed += 1;
    if (context.json)
      context.printJsonLine({ path: typed, changed: differs, before: toJson(before), after: toJson(after) });
    else if (dryRun && differs) context.print(`${typed}:\n${difference(before, after)}`);
  };
  if (options.flag('recursive')) {
    const { directories, failed } = await forEachDirectory(context, [directory], work, print);
    const verb = dryRun ? 'would change' : 'changed';
    const failures = failed === 0 ? '' : `, ${failed} failed`;
    context.terminal.err(`${verb} ${changed} of ${directories} directories${failures}\n`);
  } else {
    try {
      print(directory, await work((await context.target(directory)).path));
      context.succeed();
    } catch (error) {
      await context.fail(error, directory, directory);
    }
  }
}

/** @returns undefined for rights that do not exist; that has been said then */
function readChange(context: Context, pairs: readonly string[], options: Options): Change | undefined {
  const entries: AccessEntry[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const [name = '', word = ''] = pairs.slice(at, at + 2);
    const rights = parseRights(word);
    if (rights === undefined) {
      context.print(`Bogus rights specified: "${word}"\n`);
      context.count(ExitStatus.Usage);
      return undefined;
    }
    entries.push({ name, rights });
  }
  return { entries, clear: options.flag('clear'), side: options.flag('negative') ? 'negative' : 'positive' };
}

/** Stores a list; one that servers are known to damage is read again. */
async function store(venus: Pioctls, path: string, wanted: AccessList): Promise<void> {
  await call(venus, setAcl, path, formatAcl(wanted, 'request'));
  if (wanted.negative.length < RISKY_NEGATIVES) return;
  const stored = parseAcl(await call(venus, getAcl, path), 'reply');
  if (!sameAcl(stored, wanted)) throw new StoredDifferentlyError(stored, wanted);
}

/** The server keeps another list than the one it was given. */
class StoredDifferentlyError extends CodaError {
  readonly code = 'stored-differently';

  constructor(stored: AccessList, wanted: AccessList) {
    super('the server stored another access list than it was given', {
      why: `It differs by:\n${difference(wanted, stored)}`,
      next: 'Set it again with at most one negative entry; put the users to shut out into a group.',
    });
  }
}

/** Entries that go (`-`) and that come (`+`). */
function difference(before: AccessList, after: AccessList): string {
  const [old, present] = [lines(before), lines(after)];
  return [
    ...old.filter((line) => !present.includes(line)).map((line) => `  - ${line}\n`),
    ...present.filter((line) => !old.includes(line)).map((line) => `  + ${line}\n`),
  ].join('');
}

function lines({ positive, negative }: AccessList): readonly string[] {
  return [
    ...positive.map(({ name, rights }) => `${name} ${formatRights(rights)}`),
    ...negative.map(({ name, rights }) => `${name} -${formatRights(rights)}`),
  ];
}

function toJson({ positive, negative }: AccessList): object {
  const entries = (side: readonly AccessEntry[]) =>
    side.map(({ name, rights }) => ({ name, rights: formatRights(rights) }));
  return { positive: entries(positive), negative: entries(negative) };
}
