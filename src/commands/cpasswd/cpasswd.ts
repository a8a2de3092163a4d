import type { CodaIdentity } from '../../auth/identity.ts';
import { passwordObjection } from '../../auth/passwordQuality.ts';
import { Auth2Error } from '../../auth/rpc2/auth2Session.ts';
import { Rpc2Error } from '../../auth/rpc2/errors.ts';
import { RefusedError } from '../../ipc/errors.ts';
import { AuthCode, ReturnCode } from '../../ipc/rpc2/codes.ts';
import { SECRET_SIZE } from '../../ipc/rpc2/keyDerivation.ts';
import { withTimeLimit } from '../../ipc/timeLimit.ts';
import { askPassword, readStdinLine } from '../../term/prompts.ts';
import { insecureOption, openAuthServer } from '../authServer.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError, exitStatusOf } from '../exitStatus.ts';
import { passwordOptions, passwordSource } from '../passwordSource.ts';
import { whoIs } from '../whoIs.ts';

/** Longest name that the C cpasswd takes (spec/auth.md, 5). */
const MAX_USER = 20;
/** Refusals after which a new password is taken as it is. */
const PATIENCE = 2;

export const cpasswd: Command = {
  usage: 'cpasswd [-h SCM-host-name] [coda-user-name][@realm]',
  summary: 'change a password in a Coda realm',
  description: [
    'Asks at a terminal; otherwise the old, the new and again the new password are three lines of stdin.',
    'The options for passwords are about the old one.',
  ],
  options: [
    { flags: '-h, --host <server>', summary: 'the server to change it at, HOST or HOST:PORT' },
    ...passwordOptions,
    insecureOption,
  ],
  words: { max: 1 },
  classicFailure: 0,

  async run(context, [typed], options) {
    const who = await whoIs(context, typed);
    if (who.user.length > MAX_USER) throw new UsageError('User name is invalid.');
    const server = await openAuthServer(context, who.realm, options);
    if (!context.json) context.print(`Changing password for ${who.user}@${who.realm}\n`);
    const passwords = await askBoth(context, options);
    if ('unchanged' in passwords) {
      say(context, passwords.unchanged);
      context.count(ExitStatus.Failed, 1);
      return;
    }
    if (server.kind === 'auth2' && Buffer.byteLength(passwords.new) > SECRET_SIZE)
      context.terminal.err(`cpasswd: only the first ${SECRET_SIZE} bytes of the new password count\n`);
    try {
      const work = server.changePassword(who, passwords.old, passwords.new);
      await context.waitFor(
        'the auth server',
        withTimeLimit(work, context.timeLimit, () => 'a change of password'),
      );
      say(context, 'Password changed');
      context.succeed();
    } catch (error) {
      if (error instanceof RefusedError) refused(context, error, who);
      else if (error instanceof Rpc2Error || error instanceof Auth2Error) failed(context, error, who);
      else throw error;
    }
    if (context.json)
      context.printJson({ ...who, changed: context.failures.length === 0, failures: context.failures });
  },
};

interface Passwords {
  readonly old: string;
  readonly new: string;
}

/** Both passwords, or what to print instead of changing anything. */
async function askBoth(
  context: Context,
  options: Options,
): Promise<Passwords | { readonly unchanged: string }> {
  const { inIsTerminal } = context.terminal;
  const ask = (message: string) => (inIsTerminal ? askPassword(message) : Promise.resolve(readStdinLine()));
  const old = await passwordSource(context, options, 'Old password:', false).read();
  let wanted = await ask('New password:');
  for (let refusals = 0; wanted !== '' && refusals < PATIENCE; refusals++) {
    const objection = passwordObjection(wanted);
    if (objection === undefined) break;
    if (!inIsTerminal) return { unchanged: objection };
    say(context, objection);
    wanted = await ask('New password:');
  }
  if (wanted === '') return { unchanged: 'Password unchanged.' };
  const again = await ask('Retype new password:');
  return again === wanted ? { old, new: wanted } : { unchanged: 'Mismatch - password unchanged.' };
}

/** What the C cpasswd says, on stdout; on stderr what it means. */
function refused(context: Context, error: RefusedError, { user, realm }: CodaIdentity): void {
  const isUnknown = error.code === 'unknown-user';
  say(context, isUnknown ? 'bind failed; user unauthenticated' : 'Authentication Failed: RPC2_NOBINDING (F)');
  const meaning = error.code === 'wrong-password' ? `wrong password for ${user}@${realm}` : error.message;
  context.terminal.err(`cpasswd: ${meaning}\n`);
  context.failures.push({ path: `${user}@${realm}`, message: meaning });
  context.count(exitStatusOf(error));
}

/** The same of a server that speaks auth2 (spec/auth.md, 5). */
function failed(context: Context, error: Rpc2Error | Auth2Error, { user, realm }: CodaIdentity): void {
  say(context, classicText(error, user));
  const meaning = error.code === 'wrong-password' ? `wrong password for ${user}@${realm}` : error.message;
  context.terminal.err(`cpasswd: ${meaning}\n`);
  context.failures.push({ path: `${user}@${realm}`, message: meaning });
  context.count(exitStatusOf(error));
}

function classicText(error: Rpc2Error | Auth2Error, user: string): string {
  switch (error.returnCode) {
    case AuthCode.Failed:
      return 'Auth failed';
    case AuthCode.Denied:
      return `authentication failed, unable to change passwd for ${user}`;
    case AuthCode.BadKey:
      return 'Bad new password. Try again';
    case AuthCode.ReadOnly:
      return 'Auth server is read-only';
    case ReturnCode.NotAuthenticated:
      return 'bind failed; user unauthenticated';
    case ReturnCode.Dead:
      return 'Server to change passwords down, try again later';
    default:
      return `Authentication Failed: ${error.classic}`;
  }
}

function say(context: Context, text: string): void {
  if (context.json) context.terminal.err(`${text}\n`);
  else context.print(`${text}\n`);
}
