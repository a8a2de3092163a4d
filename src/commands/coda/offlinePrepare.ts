import { ROOT, call } from '../../ipc/call.ts';
import { forceReintegrationAll } from '../../ipc/calls/forceReintegrationAll.ts';
import { getToken } from '../../ipc/calls/getToken.ts';
import { getTokenOwner } from '../../ipc/calls/getTokenOwner.ts';
import { setToken } from '../../ipc/calls/setToken.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import { monotonicTime } from '../../ipc/timeLimit.ts';
import { askPassword } from '../../term/prompts.ts';
import { formatDuration } from '../../term/time.ts';
import { openAuthServer } from '../authServer.ts';
import type { Context } from '../context.ts';
import { walk } from '../hoard/walking.ts';
import { logReports } from './logFacts.ts';
import { noOptions } from '../words.ts';

/** Seconds: a token that ends sooner is renewed, so that it lasts for a day. */
const ENDS_SOON = 12 * 3600;
/** Milliseconds between two looks at what is left to be sent. */
const POLL = 200;

/** Does what can be done before one goes. What fails is reported, and the rest is done all the same. */
export async function prepare(context: Context): Promise<void> {
  await step(context, 'token', () => renewTokens(context));
  await step(context, 'reintegration', () => sendAll(context));
  // It reports its own failure.
  await walk(context);
}

async function step(context: Context, label: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CodaError)) throw error;
    await context.fail(error, `coda offline: ${label}`);
  }
}

async function renewTokens(context: Context): Promise<void> {
  for (const realm of await context.realms()) {
    const left = await secondsLeft(context, realm);
    if (left !== undefined && left < ENDS_SOON) await renew(context, realm, left);
  }
}

/** Undefined for somebody who never logged in: there is nothing to renew. */
async function secondsLeft(context: Context, realm: string): Promise<number | undefined> {
  try {
    const { clear } = await call(await context.venus(), getToken, ROOT, realm);
    return clear.ends - context.surroundings.now() / 1000;
  } catch (error) {
    if (isErrno(error, 'ENOTCONN', 'ENOENT')) return undefined;
    throw error;
  }
}

/** Only a password gives a new token, and only a person has it. */
async function renew(context: Context, realm: string, left: number): Promise<void> {
  const { terminal } = context;
  const state = left > 0 ? `ends in ${formatDuration(left)}` : 'has ended';
  const isMounted = context.address().kind === 'mount';
  if (isMounted || !terminal.inIsTerminal || !terminal.errIsTerminal) {
    terminal.err(`your token for ${realm} ${state}: log in again with clog\n`);
    return;
  }
  const user = await call(await context.venus(), getTokenOwner, ROOT, realm);
  terminal.err(`your token for ${realm} ${state}\n`);
  const server = await openAuthServer(context, realm, noOptions);
  const token = await server.login(
    { user, realm },
    await askPassword(`Password of ${user}@${realm}:`),
    undefined,
  );
  await call(await context.venus(), setToken, ROOT, { token, realm });
}

/** Waits as long as something goes out, up to the time limit; what is left then is in the report. */
async function sendAll(context: Context): Promise<void> {
  await call(await context.pioctls(), forceReintegrationAll, ROOT);
  if (context.address().kind === 'mount') return;
  const deadline = monotonicTime() + context.timeLimit;
  while (monotonicTime() < deadline) {
    const logs = await logReports(context, undefined);
    if (!logs.some(({ obstacle }) => obstacle === 'sending')) return;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
