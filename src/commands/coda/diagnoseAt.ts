import type { Context } from '../context.ts';
import { type Asker, diagnose } from './diagnosis.ts';
import type { Finding } from './finding.ts';
import { factsAt } from './logFacts.ts';

/** Why the log of the volume at a path does not go out; nothing if it is empty. */
export async function diagnoseAt(context: Context, typed: string): Promise<readonly Finding[]> {
  const [facts] = (await factsAt(context, typed)).logs;
  return facts === undefined ? [] : diagnose(facts, await askerOf(context));
}

export async function askerOf(context: Context): Promise<Asker> {
  const { surroundings } = context;
  const [realm = ''] = await context.realms();
  return { uid: context.otherUid() ?? surroundings.uid, realm, now: surroundings.now() };
}
