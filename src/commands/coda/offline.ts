import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { type Answer, answerFrom, textOf } from './offlineAnswer.ts';
import { type Known, type OfflineFacts, offlineFacts } from './offlineFacts.ts';

export const offline: Command = {
  usage: 'coda offline [--prepare]',
  summary: 'tell whether you are ready to go where no server can be reached',
  description: [
    'Shows what of the hoarded is here, stale or missing, and why; what is not sent yet; your tokens and their end; conflicts; the room in the cache and on the disk; and when venus walked last.',
    'The status is 0 for yes: then everything that is hoarded can be read without servers. It is 1 for no, and where venus does not tell.',
    'With --prepare it first does what it can: it asks for your password if your token ends soon, sends what is not sent, and walks.',
  ],
  options: [
    { flags: '--prepare', summary: 'first log in again, send all changes, and bring what is hoarded here' },
  ],
  examples: ['coda offline', 'coda offline --prepare && echo bye'],
  words: { max: 0 },

  async run(context, _words, options) {
    if (options.flag('prepare')) {
      const { prepare } = await import('./offlinePrepare.ts');
      await prepare(context);
    }
    const facts = await offlineFacts(context);
    const now = context.surroundings.now();
    const answer = answerFrom(facts, now);
    const shown = { now, userPath: (path: string) => context.userPath(path) };
    if (context.json) context.printJson(jsonOf(context, facts, answer));
    else context.print(textOf(facts, answer, shown));
    context.count(answer.ready === 'yes' ? ExitStatus.Done : ExitStatus.Failed);
  },
};

/** What is not known is null, with the reason in `unknown`. */
function jsonOf(context: Context, facts: OfflineFacts, answer: Answer): object {
  const { hoarded, unsent, tokens, conflicts, cache } = facts;
  const unknown = Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]: [string, Known<unknown>]) =>
      'unknown' in fact ? [[name, fact.unknown]] : [],
    ),
  );
  return {
    ...answer,
    hoarded: orNull(hoarded, ({ summary, problems }) => ({
      ...summary,
      problems: problems.map(({ path, since, ...object }) => ({
        path: context.userPath(path),
        ...object,
        ...(since === undefined ? {} : { since: isoTime(since) }),
      })),
    })),
    unsent: orNull(unsent, (logs) =>
      logs.map(({ name, mount, entries, bytes, oldest }) => ({
        name,
        mount,
        entries,
        bytes,
        oldest: isoTime(oldest),
      })),
    ),
    tokens: orNull(tokens, (all) =>
      all.map((token) =>
        token.state === 'none' ? token : { ...token, ends: undefined, expires: isoTime(token.ends * 1000) },
      ),
    ),
    conflicts: orNull(conflicts, (paths) => paths),
    cache: orNull(cache, ({ walks: { next, last, ...walks }, ...room }) => ({
      ...room,
      walks: {
        ...walks,
        ...(next === undefined ? {} : { next: isoTime(next) }),
        ...(last === undefined
          ? {}
          : { last: { ...last, began: isoTime(last.began), ended: isoTime(last.ended) } }),
      },
    })),
    unknown,
    failures: context.failures,
  };
}

function orNull<Fact>(fact: Known<Fact>, show: (fact: Fact) => unknown): unknown {
  return 'known' in fact ? show(fact.known) : null;
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
