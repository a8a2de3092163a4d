import type { HoardCommand } from '../../hoard/command.ts';
import { type ListedEntry, parseListLine } from '../../hoard/entryText.ts';
import { type Pioctls, ROOT, call } from '../../ipc/call.ts';
import { hoardAdd } from '../../ipc/calls/hoardAdd.ts';
import { hoardList } from '../../ipc/calls/hoardList.ts';
import type { HoardEntry, NewEntry } from '../../ipc/hoard.ts';
import { ALL_USERS, type HoardName } from '../../ipc/hoardName.ts';
import { decodeText } from '../../ipc/text.ts';
import type { Context } from '../context.ts';
import { explainRefusal, hasInsight, hoardInsight, requestingUid } from './hoardPlace.ts';
import { openOutput } from './outFile.ts';
import { fileOfVenus } from './privateFile.ts';

type ListCommand = Extract<HoardCommand, { readonly kind: 'list' }>;

const NEWLINE = 0x0a;

/** Prints the hoard database as venus writes it. @returns what `--json` shows */
export async function list(context: Context, { outFile, uid }: ListCommand): Promise<object> {
  try {
    const document = context.json
      ? { entries: await shownEntries(context, uid) }
      : await print(context, outFile, uid);
    context.succeed();
    return document;
  } catch (error) {
    const owner = uid ?? -1;
    await context.fail(
      explainRefusal(error),
      `pioctl:List(${owner}, ${outFile ?? '-'}, ${requestingUid(context)})`,
    );
    return {};
  }
}

async function print(context: Context, outFile: string | undefined, uid = ALL_USERS): Promise<object> {
  const output = openOutput(context, outFile);
  try {
    for await (const bytes of listed(await context.venus(), uid)) output.write(bytes);
  } finally {
    output.close();
  }
  return {};
}

function listed(venus: Pioctls, uid: number): AsyncGenerator<Uint8Array> {
  return fileOfVenus((file) => call(venus, hoardList, ROOT, { outFile: file, uid }));
}

/** The entries of the hoard database, with all that is known of each. */
export async function* entriesOf(
  context: Context,
  uid: number | undefined,
): AsyncGenerator<Partial<HoardEntry> & ListedEntry> {
  if (hasInsight(context)) {
    yield* (await hoardInsight(context, 'hoard list')).entries(uid);
    return;
  }
  let rest: Uint8Array = new Uint8Array(0);
  for await (const bytes of listed(await context.venus(), uid ?? ALL_USERS)) {
    const whole = Buffer.concat([rest, bytes]);
    const end = whole.lastIndexOf(NEWLINE) + 1;
    rest = whole.subarray(end);
    for (const line of decodeText(whole.subarray(0, end)).split('\n')) yield* entriesIn(context, line);
  }
  yield* entriesIn(context, decodeText(rest));
}

/** Venus cuts long lines off, and their ends with them (spec/hoard.md, 12, 8). */
function entriesIn(context: Context, line: string): readonly ListedEntry[] {
  if (line === '') return [];
  const { entries, cut } = parseListLine(line);
  if (cut > 0)
    context.terminal.err(`hoard list: venus cut off ${cut} long entries: ${line.slice(0, 80)}...\n`);
  return entries;
}

async function shownEntries(context: Context, uid: number | undefined): Promise<readonly object[]> {
  const shown: object[] = [];
  for await (const { path, ...entry } of entriesOf(context, uid))
    shown.push({ ...entry, ...(path === undefined ? {} : { path: context.userPath(path) }) });
  return shown;
}

/** The entry of a name. */
export async function entryOf(
  context: Context,
  { volume, realm, name }: HoardName,
): Promise<
  | { readonly priority: number; readonly expansion: NewEntry['expansion']; readonly exclude: string[] }
  | undefined
> {
  for await (const entry of entriesOf(context, undefined)) {
    if (entry.volume === volume && entry.realm === realm && entry.name === name)
      return { priority: entry.priority, expansion: entry.expansion, exclude: [...(entry.exclude ?? [])] };
  }
  return undefined;
}

/** Puts an entry in the place of the one of its name. */
export async function replaceEntry(context: Context, venus: Pioctls, entry: NewEntry): Promise<void> {
  if (entry.exclude.length === 0) await call(venus, hoardAdd, ROOT, entry);
  else await (await hoardInsight(context, 'hoard modify')).add([entry]);
}
