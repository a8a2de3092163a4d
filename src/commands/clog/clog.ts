import type { CodaIdentity } from '../../auth/identity.ts';
import type { AuthServer } from '../../auth/login.ts';
import { readTokenFile, writeTokenFile } from '../../auth/tokenFile.ts';
import { ROOT, call } from '../../ipc/call.ts';
import { getToken } from '../../ipc/calls/getToken.ts';
import { getTokenOwner } from '../../ipc/calls/getTokenOwner.ts';
import { setToken } from '../../ipc/calls/setToken.ts';
import type { Token } from '../../ipc/clearToken.ts';
import { CodaError, VenusUnavailableError, isErrno } from '../../ipc/errors.ts';
import { withTimeLimit } from '../../ipc/timeLimit.ts';
import { formatCtime, formatDuration } from '../../term/time.ts';
import { insecureOption, openAuthServer } from '../authServer.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { durationOption } from '../durationOption.ts';
import { UsageError } from '../exitStatus.ts';
import { uidOf } from '../localUser.ts';
import { type PasswordSource, passwordOptions, passwordSource } from '../passwordSource.ts';
import { whichRealm, whoIs } from '../whoIs.ts';

export const clog: Command = {
  usage:
    'clog [-q] [-pipe] [-test] [-host authserver] [-tofile <file>] [-fromfile <file>] [-as username] ' +
    '[--exec <command>] [Coda username][@realm]',
  summary: 'log in to a Coda realm: gives venus a token for you',
  description: [
    'Asks for the password at a terminal; otherwise the password is one line of stdin. It never belongs on the command line.',
    'On a mounted Coda, and for a realm of the realms file, it logs in at an auth2 server; else at the embedded venus.',
  ],
  options: [
    { flags: '-q, --quiet', summary: 'do not print who is logged in' },
    { flags: '--pipe', summary: 'read the password from stdin, without asking' },
    ...passwordOptions,
    { flags: '--host <authserver>', summary: 'the server to log in at, HOST or HOST:PORT' },
    insecureOption,
    { flags: '--tofile <file>', summary: 'save the token to a file, too; whoever reads it can act as you' },
    { flags: '--fromfile <file>', summary: 'take the token from such a file; needs no password' },
    { flags: '--as <username>', summary: 'give the token to another local user' },
    { flags: '--test', summary: 'read the token back from venus and compare' },
    {
      flags: '--if-needed <duration>',
      summary: 'do nothing while your present token lives longer than this',
    },
    {
      flags: '--lifetime <duration>',
      summary: 'how long the token is to live, at most as long as the realm allows',
    },
    { flags: '--renew-loop', summary: 'stay, and log in again each time before the token ends' },
    {
      flags: '--exec <command>',
      summary: 'run a command and log in again in time while it runs; ends with its status',
    },
  ],
  examples: [
    'clog jan@example.org',
    'pass show coda | clog -pipe --if-needed 2h jan@example.org',
    "clog --password-file ~/.coda-password --exec 'make -C /coda/example.org/src' jan@example.org",
  ],
  words: { max: 1 },
  classicFailure: 1,

  async run(context, [typed], options) {
    checkOptions(options);
    actAs(context, options.value('as'));
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
      return;
    }
    await logIn(context, who, options);
  },
};

/** @throws UsageError */
function checkOptions(options: Options): void {
  const stays = options.flag('renew-loop') || options.value('exec') !== undefined;
  if (!stays) return;
  if (options.flag('renew-loop') && options.value('exec') !== undefined)
    throw new UsageError('--renew-loop and --exec: one of them');
  if (options.value('fromfile') !== undefined)
    throw new UsageError('a token from a file cannot be renewed: that takes the password');
  if (options.value('if-needed') !== undefined)
    throw new UsageError('--if-needed: what renews the token needs the password in any case');
}

/** Acts as another local user from now on. One that is not known changes nothing, as with the C clog. */
function actAs(context: Context, name: string | undefined): void {
  const uid = name === undefined ? undefined : uidOf(name);
  if (uid === undefined) return;
  if (context.address().kind === 'socket') context.speakFor(uid);
  else process.setuid?.(uid);
}

/** Logs in, and stays for as long as was asked for. */
async function logIn(context: Context, who: CodaIdentity, options: Options): Promise<void> {
  const source = passwordSource(context, options, 'Password:', options.flag('pipe'));
  if (source.isInteractive && !options.flag('quiet') && !context.json)
    context.print(`username: ${who.user}@${who.realm}\n`);
  const attempt = await loginWith(context, who, source, options);
  const token = await attempt();
  await give(context, who, token, options);
  tellLifetime(context, token, options);
  const command = options.value('exec');
  if (command === undefined && !options.flag('renew-loop')) return;
  const { renewForever, runRenewing } = await import('./renewal.ts');
  const renew = async () => {
    const next = await attempt();
    await hand(context, who.realm, next, options);
    return next;
  };
  if (command === undefined) await renewForever(context, { token, renew });
  else context.endWith(await runRenewing(context, command, { token, renew }));
}

/** What logs in each time it is called. */
async function loginWith(
  context: Context,
  who: CodaIdentity,
  source: PasswordSource,
  options: Options,
): Promise<() => Promise<Token>> {
  const { asLoginError } = await import('./loginError.ts');
  const lifetime = durationOption(options, 'lifetime');
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw asLoginError(error, who);
    }
  };
  let server: AuthServer | undefined;
  return async () => {
    server ??= await explained(openAuthServer(context, who.realm, options));
    const password = await source.read();
    const what = `login as ${who.user}@${who.realm}`;
    const answer = withTimeLimit(server.login(who, password, lifetime), context.timeLimit, () => what);
    return explained(context.waitFor(what, answer));
  };
}

/** For a person: how long it lives. Whoever asked for less than an auth2 server gives is told in any case. */
function tellLifetime(context: Context, { clear: { ends } }: Token, options: Options): void {
  const seconds = ends - context.surroundings.now() / 1000;
  const wanted = durationOption(options, 'lifetime');
  const lives = `lives until ${formatCtime(ends)} (${formatDuration(seconds)})`;
  if (wanted !== undefined && seconds > wanted + 60)
    context.terminal.err(`clog: the server gives no shorter tokens: this one ${lives}\n`);
  else if (!options.flag('quiet')) context.note(`The token ${lives}.`);
}

interface Holder {
  /** Not known for a token from a file. */
  readonly user: string | undefined;
  readonly realm: string;
}

/** Hands a token to venus, after saving it where that was asked for, and tells of it. */
async function give(
  context: Context,
  { user, realm }: Holder,
  token: Token,
  options: Options,
): Promise<void> {
  const isGiven = await hand(context, realm, token, options);
  if (!context.json) return;
  const expires = new Date(token.clear.ends * 1000).toISOString();
  const { viceId } = token.clear;
  const { failures } = context;
  context.printJson({ user, realm, loggedIn: isGiven, viceId, expires, failures });
}

/** @returns false if it was saved to a file, but there is no venus to have it */
async function hand(context: Context, realm: string, token: Token, options: Options): Promise<boolean> {
  const file = options.value('tofile');
  if (file !== undefined) writeTokenFile(file, token);
  if (options.flag('test') && !context.json) context.print('Sending token to venus\n');
  try {
    await call(await context.pioctls(), setToken, ROOT, { token, realm });
  } catch (error) {
    if (!(error instanceof VenusUnavailableError) || options.value('fromfile') !== undefined) throw error;
    // The login itself was good: the C clog ends with 0 here.
    if (!context.json) context.print('Local login only, could not contact venus\n');
    await context.fail(error, 'clog', undefined, 0);
    return false;
  }
  if (options.flag('test')) await (await import('./testToken.ts')).testToken(context, realm, token);
  return true;
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
