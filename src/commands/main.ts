import { readFileSync } from 'node:fs';
import { blockedCalls } from '../ipc/blockingCalls.ts';
import { decodeText } from '../ipc/text.ts';
import { processTerminal } from '../term/terminal.ts';
import type { Tool } from './command.ts';
import { ExitStatus } from './exitStatus.ts';
import { runTool } from './runTool.ts';

/** Runs a tool as this process: the only place that knows the process's arguments and ends it. */
export function main(tool: Tool): void {
  const surroundings = {
    env: process.env,
    uid: process.getuid?.() ?? 0,
    cwd: () => process.cwd(),
    terminal: processTerminal,
    now: Date.now,
  };
  runTool(tool, typedWords(), surroundings).then(endProcess, (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    processTerminal.err(`${tool.name}: internal error\n${text}\n`);
    endProcess(ExitStatus.Failed);
  });
}

/** The words behind the tool's name. Node replaces what is no UTF-8 in them; the system still knows the bytes. */
function typedWords(): readonly string[] {
  const words = process.argv.slice(2);
  if (!words.some((word) => word.includes('\ufffd'))) return words;
  const bytes = readFileSync('/proc/self/cmdline');
  const all = decodeText(bytes.subarray(0, -1)).split('\0');
  return all.slice(all.length - words.length);
}

/**
 * Ends the process. While a system call is blocked process.exit() would not return, and nothing but a signal ends the
 * process; SIGALRM is the one that says that the time was over.
 */
function endProcess(status: number): void {
  if (blockedCalls() > 0) process.kill(process.pid, 'SIGALRM');
  else process.exit(status);
}
