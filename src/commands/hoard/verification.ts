import { formatVerifyLine, parseVerifyLine } from '../../hoard/entryText.ts';
import type { HoardCommand } from '../../hoard/command.ts';
import { ROOT, call } from '../../ipc/call.ts';
import { hoardVerify } from '../../ipc/calls/hoardVerify.ts';
import type { HoardSummary, HoardedObject } from '../../ipc/hoard.ts';
import type { HoardInsight } from '../../ipc/hoardInsight.ts';
import { ALL_USERS, type HoardExpansion, type HoardName } from '../../ipc/hoardName.ts';
import { formatSize } from '../../term/size.ts';
import { printable } from '../../term/printable.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { linesOf } from '../repair/pipedLines.ts';
import { explainRefusal, hasInsight, hoardInsight, requestingUid } from './hoardPlace.ts';
import { type Output, openOutput } from './outFile.ts';
import { fileOfVenus } from './privateFile.ts';
import { reasonText } from './reasonText.ts';

type VerifyCommand = Extract<HoardCommand, { readonly kind: 'verify' }>;

/** Above it, what entries expand to is shown, too, where it is all right (spec/hoard.md, 8). */
const EVERY_OBJECT = 100;

/** Prints what of the hoarded is not here, and why. The status tells whether all is. @returns what `--json` shows */
export async function verify(context: Context, command: VerifyCommand): Promise<object> {
  const { outFile, verbosity, uid } = command;
  try {
    const output = context.json ? undefined : openOutput(context, outFile);
    try {
      return hasInsight(context)
        ? await byInsight(context, command, output)
        : await byPioctl(context, command, output);
    } finally {
      output?.close();
    }
  } catch (error) {
    const label = `pioctl:Verify(${uid ?? -1}, ${outFile ?? '-'}, ${requestingUid(context)}, ${verbosity})`;
    await context.fail(explainRefusal(error), label);
    return {};
  }
}

async function byInsight(
  context: Context,
  { uid, verbosity }: VerifyCommand,
  output: Output | undefined,
): Promise<object> {
  const insight = await hoardInsight(context, 'hoard verify');
  const expansions = output ? await expansionsOf(insight) : new Map<string, HoardExpansion>();
  const objects = insight.state({ ...(uid === undefined ? {} : { uid }), problems: verbosity === 0 });
  const shown: object[] = [];
  for (;;) {
    const next = await objects.next();
    if (next.done) return summarise(context, next.value, shown);
    const object = next.value;
    if (!isAsked(object, verbosity)) continue;
    if (output) showObject(context, object, expansions, output);
    else shown.push(jsonOf(context, object));
  }
}

function isAsked({ state, isEntry }: HoardedObject, verbosity: number): boolean {
  return state !== 'present' || verbosity > EVERY_OBJECT || (verbosity > 0 && isEntry);
}

/** The classic line, and on stderr what it does not say. */
function showObject(
  context: Context,
  object: HoardedObject,
  expansions: ReadonlyMap<string, HoardExpansion>,
  output: Output,
): void {
  const { state, fid, entry, isEntry, type } = object;
  const ofEntry = expansions.get(keyOf(entry)) ?? 'none';
  const goesOn = ofEntry === 'descendants' && type === 'directory';
  const expansion = isEntry || goesOn ? ofEntry : 'none';
  const finding =
    state === 'present'
      ? 'ok'
      : state === 'missing' && fid === undefined
        ? 'not bound'
        : 'missing or invalid';
  const path = context.userPath(object.path);
  output.writeText(formatVerifyLine(finding, path, expansion));
  if (state === 'present') return;
  const since = object.since === undefined ? '' : `, since ${new Date(object.since).toISOString()}`;
  const reason = `${state}: ${reasonText(object)}${since}`;
  const { terminal } = context;
  terminal.err(
    terminal.errIsTerminal ? `      ${printable(reason)}\n` : `${printable(path)}: ${printable(reason)}\n`,
  );
}

async function expansionsOf(insight: HoardInsight): Promise<ReadonlyMap<string, HoardExpansion>> {
  const found = new Map<string, HoardExpansion>();
  for await (const entry of insight.entries()) found.set(keyOf(entry), entry.expansion);
  return found;
}

function keyOf({ volume, realm, name }: HoardName): string {
  return `${volume}@${realm}/${name}`;
}

function summarise(context: Context, summary: HoardSummary, shown: readonly object[]): object {
  const { present, stale, missing } = summary;
  const isReady = stale.objects === 0 && missing.objects === 0;
  context.count(isReady ? ExitStatus.Done : ExitStatus.Failed, 0);
  const all = present.objects + stale.objects + missing.objects;
  context.note(
    isReady
      ? `all ${all} hoarded objects are here (${formatSize(present.bytes)})`
      : `of ${all} hoarded objects ${stale.objects} are stale and ${missing.objects} missing`,
  );
  return { isReady, summary, objects: shown };
}

function jsonOf(context: Context, { path, since, ...object }: HoardedObject): object {
  return {
    path: context.userPath(path),
    ...object,
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
  };
}

/** A mounted Coda: the lines as venus writes them. */
async function byPioctl(
  context: Context,
  { uid = ALL_USERS, verbosity }: VerifyCommand,
  output: Output | undefined,
): Promise<object> {
  const venus = await context.venus();
  const bytes = fileOfVenus((file) => call(venus, hoardVerify, ROOT, { outFile: file, uid, verbosity }));
  let problems = 0;
  const shown: object[] = [];
  for await (const line of linesOf(bytes)) {
    const parsed = parseVerifyLine(line);
    if (parsed?.finding !== 'ok') problems += 1;
    if (output) output.writeText(`${line}\n`);
    else if (parsed) shown.push({ path: parsed.path, state: stateOf(parsed.finding) });
    else shown.push({ line });
  }
  context.count(problems === 0 ? ExitStatus.Done : ExitStatus.Failed, 0);
  if (problems === 0)
    context.note(
      'venus tells of nothing that is missing; it looks only at the last part of each path that it knows',
    );
  return { isReady: problems === 0, objects: shown };
}

function stateOf(finding: 'ok' | 'not bound' | 'missing or invalid'): string {
  return finding === 'ok' ? 'present' : 'missing';
}
