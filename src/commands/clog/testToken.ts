import { ROOT, call } from '../../ipc/call.ts';
import { getToken } from '../../ipc/calls/getToken.ts';
import { type ClearToken, type Token, encodeClearToken } from '../../ipc/clearToken.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';

/** `-test`: reads the token back that venus was just given, and compares (spec/auth.md, 2). */
export async function testToken(context: Context, realm: string, given: Token): Promise<void> {
  const say = (text: string) =>
    context.json ? context.terminal.err(`${text}\n`) : context.print(`${text}\n`);
  say('Getting tokens back from venus');
  const kept = await call(await context.pioctls(), getToken, ROOT, realm);
  context.terminal.err(`net order:\n${fields(kept.clear)}host order:\n${fields(swapped(kept.clear))}`);
  const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.from(a).equals(b);
  say('Comparing clear token');
  const clearIsSame = isSame(encodeClearToken(kept.clear), encodeClearToken(given.clear));
  if (!clearIsSame) say('Bad ClearToken');
  say('Comparing secret token');
  const secretIsSame = isSame(kept.secret, given.secret);
  if (!secretIsSame) say('Bad SecretToken');
  say('Done ! ! ! !');
  if (!clearIsSame || !secretIsSame) context.count(ExitStatus.Failed, 0);
}

function fields({ authHandle, viceId, begins, ends }: ClearToken): string {
  return (
    `\tAuthHandle = ${authHandle}\n\tViceId = ${viceId}\n` +
    `\tBeginTimestamp = ${begins}\n\tEndTimestamp = ${ends}\n`
  );
}

/** As the C tool shows them on machines like this one: the bytes the wrong way round. */
function swapped(token: ClearToken): ClearToken {
  const swap = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes.readInt32BE();
  };
  const { authHandle, viceId, begins, ends } = token;
  return {
    ...token,
    authHandle: swap(authHandle),
    viceId: swap(viceId),
    begins: swap(begins),
    ends: swap(ends),
  };
}
