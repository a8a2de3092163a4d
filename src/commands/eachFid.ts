import { type RealmFid, parseRealmFid } from '../ipc/fid.ts';
import { textLength } from '../ipc/text.ts';
import type { Context } from './context.ts';
import { REQUESTS, echoed } from './eachPath.ts';
import { ExitStatus } from './exitStatus.ts';
import { inFlight } from './inFlight.ts';

/** Longer realm names take a real venus down (spec/cfs.md, 3.6). */
const MAX_REALM = 64;
/** The percent signs are part of the classic text (spec/cfs.md, 4.7). */
const MALFORMED = 'Malformed fid: should look like %x.%x.%x@<realm>\n';

export interface EachFid<Result> {
  readonly label: string;
  readonly ask: (fid: RealmFid) => Promise<Result>;
  readonly text: (result: Result) => string;
  readonly json: (result: Result) => object;
}

/** Asks venus about each fid on the command line. */
export async function forEachFid<Result>(
  context: Context,
  words: readonly string[],
  { label, ask, text, json }: EachFid<Result>,
): Promise<void> {
  const echo = echoed(context, words, '  ');
  const shown: object[] = [];
  const work = async (word: string) => {
    const fid = parseRealmFid(word);
    if (!fid || textLength(fid.realm) > MAX_REALM) return undefined;
    return { result: await ask(fid) };
  };
  for await (const outcome of inFlight(words, REQUESTS, work)) {
    echo(outcome.item);
    if (!outcome.ok) await context.fail(outcome.error, label);
    else if (!outcome.result) malformed(context, outcome.item);
    else {
      context.succeed();
      if (context.json) shown.push({ fid: outcome.item, ...json(outcome.result.result) });
      else context.print(text(outcome.result.result));
    }
  }
  if (context.json) context.printJson({ objects: shown, failures: context.failures });
}

function malformed(context: Context, word: string): void {
  if (!context.json) context.print(MALFORMED);
  context.failures.push({ path: word, message: MALFORMED.trimEnd() });
  context.count(ExitStatus.Usage, 0);
}
