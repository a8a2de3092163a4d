import { ROOT, call } from '../../ipc/call.ts';
import { getToken } from '../../ipc/calls/getToken.ts';
import { VenusError, VenusUnavailableError, isErrno } from '../../ipc/errors.ts';
import { formatCtime } from '../../term/time.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { durationOption } from '../durationOption.ts';
import { ExitStatus } from '../exitStatus.ts';
import { localUserName } from '../localUser.ts';

/** The token for one realm, as far as it can be told. */
type Finding =
  | { readonly state: 'valid' | 'expired'; readonly viceId: number; readonly ends: number }
  | { readonly state: 'none' }
  | { readonly state: 'error'; readonly errno: number };

const CLASSIC_INVALID = 1;

export const ctokens: Command = {
  usage: 'ctokens [@realm]',
  summary: 'show the tokens that venus holds for you',
  description: [
    'With a realm or --min-valid, the exit status tells: 0 if there is a valid token, 4 if not. Otherwise it is 0 for a report that could be made.',
  ],
  options: [
    {
      flags: '--min-valid <duration>',
      summary: 'a token that ends sooner than this does not count as valid',
    },
    {
      flags: '--exit-code',
      summary: 'let the exit status tell without a realm, too: 4 if a token is not valid',
    },
  ],
  examples: ['ctokens', 'ctokens @example.org --min-valid 1h || clog jan@example.org'],
  classicFailure: CLASSIC_INVALID,

  async run(context, words, options) {
    const asked = durationOption(options, 'min-valid');
    const minimum = asked ?? 0;
    const [, named] = words.length === 1 ? (/@([^@]+)$/.exec(words[0] ?? '') ?? []) : [];
    const decides = named !== undefined || asked !== undefined || options.flag('exit-code');
    if (!context.json) {
      context.print(`Tokens held by the Cache Manager for ${localUserName(context) ?? '(null)'}:\n`);
    }
    const realms = named === undefined ? await listRealms(context) : [named];
    const shown: object[] = [];
    for (const realm of realms) {
      const finding = await examine(context, realm);
      if (context.json) shown.push(toJson(context, realm, finding));
      else context.print(`    @${realm}\n${format(finding)}`);
      if (decides && secondsLeft(context, finding) <= minimum) {
        context.count(finding.state === 'error' ? ExitStatus.Failed : ExitStatus.NoToken);
      }
    }
    if (context.json) context.printJson({ tokens: shown, failures: context.failures });
  },
};

async function listRealms(context: Context): Promise<readonly string[]> {
  try {
    return await context.realms();
  } catch (error) {
    if (!(error instanceof VenusError)) throw error;
    await context.fail(error, 'Failed to get list of realms');
    return [];
  }
}

async function examine(context: Context, realm: string): Promise<Finding> {
  try {
    const { clear } = await call(await context.pioctls(), getToken, ROOT, realm);
    const state = clear.ends * 1000 > context.surroundings.now() ? 'valid' : 'expired';
    return { state, viceId: clear.viceId, ends: clear.ends };
  } catch (error) {
    if (error instanceof VenusUnavailableError) throw error;
    if (isErrno(error, 'ENOTCONN')) return { state: 'none' };
    return { state: 'error', errno: error instanceof VenusError ? error.errno : 1 };
  }
}

/** spec/auth.md, 3. */
function format(finding: Finding): string {
  switch (finding.state) {
    case 'none':
      return '\tNot Authenticated\n';
    case 'error':
      return `\tGetLocalTokens error (${finding.errno})\n`;
    case 'expired':
      return `\tCoda user id:\t ${finding.viceId}\n\tThis token has expired.\n`;
    case 'valid':
      return `\tCoda user id:\t ${finding.viceId}\n\tExpiration time: ${formatCtime(finding.ends)}\n`;
  }
}

function toJson(context: Context, realm: string, finding: Finding): object {
  if (finding.state === 'none' || finding.state === 'error') return { realm, ...finding };
  const { state, viceId, ends } = finding;
  const expires = new Date(ends * 1000).toISOString();
  return {
    realm,
    state,
    viceId,
    expires,
    secondsLeft: Math.max(0, Math.floor(secondsLeft(context, finding))),
  };
}

function secondsLeft(context: Context, finding: Finding): number {
  return 'ends' in finding ? finding.ends - context.surroundings.now() / 1000 : 0;
}
