import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Finished, type TestRealm, bin } from './support.ts';

/** What to type when a text has appeared. */
export interface Answer {
  readonly to: string;
  readonly type: string;
}

/** Runs a tool under a pseudo-terminal that util-linux's script(1) makes; without colour, line ends as in files. */
export async function runOnTerminal(
  { env: own }: Pick<TestRealm, 'env'>,
  [tool, ...words]: readonly [string, ...string[]],
  answers: readonly Answer[] = [],
): Promise<Finished> {
  const command = [join(bin, tool), ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const env = { NO_COLOR: '1', TERM: 'dumb', SHELL: '/bin/sh', ...own };
  const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const waiting = [...answers];
  let seen = '';
  child.stdout.on('data', (bytes: Buffer) => {
    seen += bytes.toString();
    const next = waiting[0];
    if (next === undefined || !seen.includes(next.to)) return;
    waiting.shift();
    seen = '';
    // The prompt has to be ready to read when it is answered.
    setTimeout(() => child.stdin.write(next.type), 200);
  });
  child.stdin.on('error', () => undefined);
  const out: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  const { status, signal } = await new Promise<Pick<Finished, 'status' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) => resolve({ status: code, signal: by }));
  });
  return { status, signal, stdout: Buffer.concat(out).toString().replaceAll('\r\n', '\n'), stderr: '' };
}
