import type { CodaIdentity } from '../../auth/identity.ts';
import { passwordObjection } from '../../auth/passwordQuality.ts';
import { RefusedError } from '../../ipc/errors.ts';
import { askPassword, readStdinLine } from '../../term/prompts.ts';
import { openAuthServer } from '../authServer.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError, exitStatusOf } from '../exitStatus.ts';
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
  ],
  options: [{ flags: '-h, --host <server>', summary: 'the server to change it at' }],
  words: { max: 1 },
  classicFailure: 0,

  async run(context, [typed], options) {
    const who = await whoIs(context, typed);
    if (who.user.length > MAX_USER) throw new UsageError('User name is invalid.');
    const server = await openAuthServer(context, options.value('host'));
    if (!context.json) context.print(`Changing password for ${who.user}@${who.realm}\n`);
    const passwords = await askBoth(context);
    if ('unchanged' in passwords) {
      say(context, passwords.unchanged);
      context.count(ExitStatus.Failed, 1);
      return;
    }
    try {
      await context.waitFor('the auth server', server.changePassword(who, passwords.old, passwords.new));
      say(context, 'Password changed');
      context.succeed();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refused(context, error, who);
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
async function askBoth(context: Context): Promise<Passwords | { readonly unchanged: string }> {
  const { inIsTerminal } = context.terminal;
  const ask = (message: string) => (inIsTerminal ? askPassword(message) : Promise.resolve(readStdinLine()));
  const old = await ask('Old password:');
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
  const classic = error.code === 'unknown-user' ? 'RPC2_NOTAUTHENTICATED (F)' : 'RPC2_NOBINDING (F)';
  say(context, `Authentication Failed: ${classic}`);
  const meaning = error.code === 'wrong-password' ? `wrong password for ${user}@${realm}` : error.message;
  context.terminal.err(`cpasswd: ${meaning}\n`);
  context.failures.push({ path: `${user}@${realm}`, message: meaning });
  context.count(exitStatusOf(error));
}

function say(context: Context, text: string): void {
  if (context.json) context.terminal.err(`${text}\n`);
  else context.print(`${text}\n`);
}
