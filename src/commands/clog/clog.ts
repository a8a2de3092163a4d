import type { CodaIdentity } from '../../auth/identity.ts';
import { readTokenFile, writeTokenFile } from '../../auth/tokenFile.ts';
import { ROOT, call } from '../../ipc/call.ts';
import { getToken } from '../../ipc/calls/getToken.ts';
import { getTokenOwner } from '../../ipc/calls/getTokenOwner.ts';
import { setToken } from '../../ipc/calls/setToken.ts';
import type { Token } from '../../ipc/clearToken.ts';
import { CodaError, type RefusalCode, RefusedError, isErrno } from '../../ipc/errors.ts';
import { askPassword, readStdinLine } from '../../term/prompts.ts';
import { formatCtime } from '../../term/time.ts';
import { openAuthServer } from '../authServer.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { durationOption } from '../durationOption.ts';
import { whichRealm, whoIs } from '../whoIs.ts';

export const clog: Command = {
  usage: 'clog [-q] [-pipe] [-host authserver] [-tofile <file>] [-fromfile <file>] [Coda username][@realm]',
  summary: 'log in to a Coda realm: gives venus a token for you',
  description: [
    'Asks for the password at a terminal; otherwise the password is one line of stdin. It never belongs on the command line.',
  ],
  options: [
    { flags: '-q, --quiet', summary: 'do not print who is logged in' },
    { flags: '--pipe', summary: 'read the password from stdin, without asking' },
    { flags: '--host <authserver>', summary: 'the server to log in at' },
    { flags: '--tofile <file>', summary: 'save the token to a file, too; whoever reads it can act as you' },
    { flags: '--fromfile <file>', summary: 'take the token from such a file; needs no password' },
    {
      flags: '--if-needed <duration>',
      summary: 'do nothing while your present token lives longer than this',
    },
    {
      flags: '--lifetime <duration>',
      summary: 'how long the token is to live, at most as long as the realm allows',
    },
  ],
  examples: ['clog jan@example.org', 'pass show coda | clog -pipe --if-needed 2h jan@example.org'],
  words: { max: 1 },
  classicFailure: 1,

  async run(context, [typed], options) {
    const ifNeeded = durationOption(options, 'if-needed');
    const file = options.value('fromfile');
    if (file !== undefined) {
      const realm = await whichRealm(context, typed);
      await give(context, { user: undefined, realm }, fromFile(context, file), options);
      return;
    }
    const who = await whoIs(context, typed);
    if (ifNeeded !== undefined && (await livesLonger(context, who, ifNeeded))) {
      if (context.json) context.printJson({ ...who, loggedIn: false, failures: [] });
    } else {
      await give(context, who, await login(context, who, options), options);
    }
  },
};

interface Holder {
  /** Not known for a token from a file. */
  readonly user: string | undefined;
  readonly realm: string;
}

/** Hands a token to venus, after saving it where that was asked for. */
async function give(
  context: Context,
  { user, realm }: Holder,
  token: Token,
  options: Options,
): Promise<void> {
  const file = options.value('tofile');
  if (file !== undefined) writeTokenFile(file, token);
  await call(await context.pioctls(), setToken, ROOT, { token, realm });
  if (!context.json) return;
  const expires = new Date(token.clear.ends * 1000).toISOString();
  context.printJson({ user, realm, loggedIn: true, viceId: token.clear.viceId, expires, failures: [] });
}

/** The text of the C clog, which cannot tell the reasons apart (spec/auth.md, 1.4), and what it means. */
class InvalidLoginError extends CodaError {
  readonly code: RefusalCode;
  override readonly unlabelled = true;

  constructor({ code, why }: RefusedError, { user, realm }: CodaIdentity) {
    const classic = { 'unknown-user': 'RPC2_NOTAUTHENTICATED (F)', 'wrong-password': 'RPC2_NOBINDING (F)' };
    const meaning = {
      'unknown-user': `there is no user ${user} in the realm ${realm}`,
      'wrong-password': `wrong password for ${user}@${realm}`,
    };
    const isKnown = code === 'unknown-user' || code === 'wrong-password';
    const message = isKnown ? classic[code] : 'RPC2_FAIL (F)';
    super(
      `Invalid login (${message}).\nclog: ${isKnown ? meaning[code] : `there is no realm ${realm} here`}`,
      {
        ...(why === undefined ? {} : { why }),
        next:
          code === 'unknown-user'
            ? 'See who there is: coda realm user list'
            : `Try again: clog ${user}@${realm}`,
      },
    );
    this.code = code;
  }
}

/** Whether the token there is would do. One of another user's does not. */
async function livesLonger(
  context: Context,
  { user, realm }: CodaIdentity,
  seconds: number,
): Promise<boolean> {
  const venus = await context.pioctls();
  try {
    const { clear } = await call(venus, getToken, ROOT, realm);
    if (clear.ends - context.surroundings.now() / 1000 <= seconds) return false;
    // A real venus does not know whose token it is.
    return !context.isEmbedded() || (await call(venus, getTokenOwner, ROOT, realm)) === user;
  } catch (error) {
    if (isErrno(error, 'ENOTCONN', 'ENOENT')) return false;
    throw error;
  }
}

async function login(context: Context, who: CodaIdentity, options: Options): Promise<Token> {
  const server = await openAuthServer(context, options.value('host'));
  const interactive = context.terminal.inIsTerminal && !options.flag('pipe');
  if (interactive && !options.flag('quiet') && !context.json)
    context.print(`username: ${who.user}@${who.realm}\n`);
  const password = interactive ? await askPassword('Password:') : readStdinLine();
  try {
    const answer = server.login(who, password, durationOption(options, 'lifetime'));
    return await context.waitFor(`login as ${who.user}@${who.realm}`, answer);
  } catch (error) {
    throw error instanceof RefusedError ? new InvalidLoginError(error, who) : error;
  }
}

function fromFile(context: Context, file: string): Token {
  const token = readTokenFile(file);
  const { ends } = token.clear;
  if (ends * 1000 > context.surroundings.now()) return token;
  throw new ExpiredTokenError(`The token in ${file} has expired.`, {
    why: `It ended on ${formatCtime(ends)}.`,
  });
}

/** A token that venus would take and servers refuse. */
class ExpiredTokenError extends CodaError {
  readonly code = 'token-expired';
}
