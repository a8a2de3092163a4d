import { closeSync, openSync, writeSync } from 'node:fs';
import type { Context } from '../context.ts';
import { systemCode } from '../../disk/systemCode.ts';
import { errnoOfCode, errnoText } from '../../ipc/errno.ts';
import { CodaError } from '../../ipc/errors.ts';
import { encodeText } from '../../ipc/text.ts';

/** Where a list or a verification goes: stdout, or a file of the caller's. */
export interface Output {
  write(bytes: Uint8Array): void;
  writeText(text: string): void;
  close(): void;
}

/** The file cannot be opened; the words are the C tool's. */
class OutputFileError extends CodaError {
  readonly code = 'output-file';
  override readonly unlabelled = true;
}

/** @param file opened as the caller, emptied first; stdout without one @throws OutputFileError */
export function openOutput(context: Context, file: string | undefined): Output {
  if (file === undefined) return toStdout(context);
  const descriptor = open(file);
  const write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
  };
  return { write, writeText: (text) => write(encodeText(text)), close: () => closeSync(descriptor) };
}

function toStdout(context: Context): Output {
  const { terminal } = context;
  return {
    write: (bytes) =>
      terminal.outIsTerminal ? context.print(Buffer.from(bytes).toString()) : terminal.outBytes(bytes),
    writeText: (text) => context.print(text),
    close: () => undefined,
  };
}

function open(file: string): number {
  try {
    return openSync(file, 'w', 0o666);
  } catch (error) {
    const code = systemCode(error);
    const number = code === undefined ? undefined : errnoOfCode(code);
    const text = number === undefined ? (code ?? String(error)) : errnoText(number);
    throw new OutputFileError(`RenameOutFile: open(${file}) failed(${text})`, {}, { cause: error });
  }
}
