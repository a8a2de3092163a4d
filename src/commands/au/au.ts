import { openAuth2 } from '../../auth/auth2Login.ts';
import type { CodaIdentity } from '../../auth/identity.ts';
import { parseIdentity } from '../../auth/identity.ts';
import { Auth2Error, type Auth2Session } from '../../auth/rpc2/auth2Session.ts';
import { Rpc2Error } from '../../auth/rpc2/errors.ts';
import { CodaError, UnsupportedError } from '../../ipc/errors.ts';
import { AuthCode, ReturnCode, authMessage, rpc2Message } from '../../ipc/rpc2/codes.ts';
import { SECRET_SIZE, passwordSecret } from '../../ipc/rpc2/keyDerivation.ts';
import { encodeText } from '../../ipc/text.ts';
import { withTimeLimit } from '../../ipc/timeLimit.ts';
import { askPassword, readStdinLine } from '../../term/prompts.ts';
import { auth2Settings, authPlaceOf, insecureOption } from '../authServer.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, exitStatusOf } from '../exitStatus.ts';
import { passwordOptions, passwordSource } from '../passwordSource.ts';
import { whichRealm } from '../whoIs.ts';

const USAGE = 'au [-x] [-h host] [-p portal]  {cp,cu,nu,du}';

/** What is asked for, and the call that does it. */
interface Operation {
  readonly nameQuestion: string;
  readonly asksPassword: boolean;
  readonly asksInfo: boolean;
  readonly call: string;
  readonly perform: (session: Auth2Session, viceId: number, password: string) => Promise<void>;
}

const change = (viceId: number, password: string) => ({ viceId, key: passwordSecret(password), info: '' });

const operations: Readonly<Record<string, Operation>> = {
  cp: {
    nameQuestion: 'User name: ',
    asksPassword: true,
    asksInfo: false,
    call: 'AuthChangePasswd',
    perform: (session, viceId, password) => session.changePassword(viceId, encodeText(password)),
  },
  cu: {
    nameQuestion: 'Vice user: ',
    asksPassword: true,
    asksInfo: true,
    call: 'AuthChangeUser',
    perform: (session, viceId, password) => session.changeUser(change(viceId, password)),
  },
  nu: {
    nameQuestion: 'Vice user: ',
    asksPassword: true,
    asksInfo: true,
    call: 'AuthNewUser',
    perform: (session, viceId, password) => session.addUser(change(viceId, password)),
  },
  du: {
    nameQuestion: 'Vice user to delete: ',
    asksPassword: false,
    asksInfo: false,
    call: 'AuthDeleteUser',
    perform: (session, viceId) => session.deleteUser(viceId),
  },
};

/** Something else than nothing was typed as info. */
class InfoError extends CodaError {
  readonly code = 'bad-info';
}

export const au: Command = {
  usage: USAGE,
  summary: 'users and passwords of an auth2 server, for administrators',
  description: [
    'cp changes a password, cu a user; nu gives a user of the realm his first password, du takes it away.',
    'All names and passwords are asked for; otherwise they are lines of stdin, in the order of the questions. The options for passwords are about your own.',
  ],
  options: [
    { flags: '-x, --debug', summary: 'has no effect' },
    {
      flags: '-h, --host <host>',
      summary: 'the auth2 server, HOST or HOST:PORT; changes are taken by the SCM alone',
    },
    { flags: '-p, --portal <portal>', summary: 'has no effect' },
    ...passwordOptions,
    insecureOption,
  ],
  examples: ['au -h scm.example.org nu'],
  classicFailure: 0,

  async run(context, words, options) {
    const operation = Object.entries(operations).find(([name]) => name === words[0])?.[1];
    if (!operation || words.length > 1) {
      context.print(`Usage: ${USAGE}\n`);
      context.count(ExitStatus.Usage, 1);
      return;
    }
    const who = await administrator(context);
    const place = await authPlaceOf(context, who.realm, options.value('host'));
    if (place.kind === 'embedded') throw noAuth2();
    const password = await passwordSource(context, options, 'Your password:', false).read();
    const { servers } = place;
    const opened = openAuth2({ servers, ...auth2Settings(context, options) }, { user: who.user, password });
    const session = await bound(context, opened, who);
    if (!session) return;
    try {
      await operate(context, session, operation);
    } finally {
      session.close();
    }
    if (context.json) context.printJson({ operation: words[0], failures: context.failures });
  },
};

/** @throws CodaError if there is no telling of which realm he is */
async function administrator(context: Context): Promise<CodaIdentity> {
  const typed = ask(context, 'Your Vice name: ');
  const realm = await whichRealm(context, typed);
  const who = parseIdentity(typed, { user: undefined, realm });
  if (who) return who;
  throw new UnknownNameError('Your Vice name: none was given');
}

class UnknownNameError extends CodaError {
  readonly code = 'usage';
}

function noAuth2(): UnsupportedError {
  return new UnsupportedError('au speaks to auth2 servers only', {
    why: 'No --host is named, the realms file does not have the realm, and no Coda is mounted.',
    next: 'For the embedded venus: coda realm user, or coda up --auth2 PORT and au -h 127.0.0.1:PORT.',
  });
}

async function bound(
  context: Context,
  opened: Promise<Auth2Session>,
  who: CodaIdentity,
): Promise<Auth2Session | undefined> {
  const what = `login as ${who.user}@${who.realm}`;
  try {
    const session = await context.waitFor(
      what,
      withTimeLimit(opened, context.timeLimit, () => what),
    );
    say(context, `RPC2_Bind() --> ${rpc2Message(ReturnCode.Success)}`);
    return session;
  } catch (error) {
    if (!(error instanceof Rpc2Error)) throw error;
    say(context, `RPC2_Bind() --> ${error.classic}`);
    await context.fail(error, 'au', undefined, 1);
    if (context.json) context.printJson({ failures: context.failures });
    return undefined;
  }
}

async function operate(context: Context, session: Auth2Session, operation: Operation): Promise<void> {
  const name = ask(context, operation.nameQuestion);
  const password = operation.asksPassword ? await newPassword(context) : '';
  if (operation.asksInfo) checkInfo(ask(context, 'New info: '));
  const viceId = await reported(context, 'AuthNameToId', name, session.idOf(name), false);
  if (viceId === undefined) return;
  if (Buffer.byteLength(password) > SECRET_SIZE)
    context.terminal.err(`au: only the first ${SECRET_SIZE} bytes of the new password count\n`);
  await reported(context, operation.call, name, operation.perform(session, viceId, password), true);
}

/** The line that the C tool prints for a call: for some only if they fail. */
async function reported<T>(
  context: Context,
  call: string,
  name: string,
  work: Promise<T>,
  tellsSuccess: boolean,
): Promise<T | undefined> {
  try {
    const limited = withTimeLimit(work, context.timeLimit, () => `${call} of ${name}`);
    const result = await context.waitFor(`${call} of ${name}`, limited);
    if (tellsSuccess) say(context, `${call}() --> ${authMessage(AuthCode.Success)}`);
    if (tellsSuccess) context.succeed();
    return result;
  } catch (error) {
    if (!(error instanceof Auth2Error) && !(error instanceof Rpc2Error)) throw error;
    say(context, `${call}() --> ${error.classic}`);
    context.terminal.err(`au: ${name}: ${error.message}\n`);
    context.failures.push({ path: name, message: error.message });
    context.count(exitStatusOf(error));
    return undefined;
  }
}

/** @throws InfoError for what a server would not store, though it would say that all is well */
function checkInfo(info: string): void {
  if (info === '') return;
  throw new InfoError('info has to be empty', {
    why: 'With anything else an auth2 server stores nothing, and yet answers AUTH_SUCCESS.',
    next: 'Do it again, and press Enter at New info.',
  });
}

function newPassword({ terminal }: Context): Promise<string> {
  return terminal.inIsTerminal ? askPassword('New password:') : Promise.resolve(readStdinLine());
}

/** A question on stdout, as in the C tool, and its answer: a line of stdin. */
function ask(context: Context, question: string): string {
  if (context.json) context.terminal.err(question);
  else context.print(question);
  return readStdinLine().trim();
}

function say(context: Context, text: string): void {
  if (context.json) context.terminal.err(`${text}\n`);
  else context.print(`${text}\n`);
}
