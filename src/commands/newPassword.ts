import { askPassword, readStdinLine } from '../term/prompts.ts';
import { CodaError } from '../ipc/errors.ts';
import type { Context } from './context.ts';

class PasswordMismatchError extends CodaError {
  readonly code = 'password-mismatch';
}

/** A password for somebody else: asked for twice at a terminal, else one line of stdin. */
export async function newPassword(context: Context, name: string, fromPipe: boolean): Promise<string> {
  if (fromPipe || !context.terminal.inIsTerminal) return readStdinLine();
  const password = await askPassword(`New password for ${name}:`);
  if ((await askPassword('Retype new password:')) === password) return password;
  throw new PasswordMismatchError('the two passwords differ; nothing was changed');
}
