/** Whether anybody can read what this process writes, found out without writing anything. */
import { fstatSync, writeSync } from 'node:fs';
import { systemCode } from '../disk/systemCode.ts';

/**
 * Whether nobody reads a pipe or a socket any more. False where it cannot be found out, and for anything else: the next
 * write tells.
 */
export function isOutputClosed(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isSocket() ? isSocketClosed(fd) : stats.isFIFO() && isPipeClosed(fd);
  } catch {
    return false;
  }
}

/** Linux refuses no bytes at all where the other side has gone, and takes them where it has only finished writing. */
function isSocketClosed(fd: number): boolean {
  try {
    writeSync(fd, new Uint8Array());
    return false;
  } catch (error) {
    return systemCode(error) === 'EPIPE';
  }
}

/** A pipe takes no bytes at all whoever reads; only poll(2) tells, and Node has it in no other place than WASI. */
function isPipeClosed(fd: number): boolean {
  const isClosed = pipes.get(fd) ?? pollOf(fd);
  pipes.set(fd, isClosed);
  return isClosed();
}

const pipes = new Map<number, () => boolean>();

/** What the types of Node leave to those of a browser. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Where parts of a subscription and of an event stand in WASI's preview 1. */
const [SUBSCRIPTION, TAG, FD, CLOCK_ID, TIMEOUT] = [48, 8, 16, 16, 24];
const [EVENT, EVENT_ERROR, EVENT_TAG] = [32, 8, 10];
const [CLOCK, FD_WRITE, MONOTONIC, STDOUT] = [0, 2, 1, 1];
const [EVENTS_AT, COUNT_AT] = [128, 256];
/** Nanoseconds to wait where a pipe is full. */
const PATIENCE = 1_000_000n;

function pollOf(fd: number): () => boolean {
  const { WASI } = withoutWarning(() => process.getBuiltinModule('node:wasi'));
  const wasi = new WASI({ version: 'preview1', stdout: fd });
  const memory = new WebAssembly.Memory({ initial: 1 });
  wasi.initialize({ exports: { memory } });
  const view = new DataView(memory.buffer);
  view.setUint8(TAG, FD_WRITE);
  view.setUint32(FD, STDOUT, true);
  view.setUint8(SUBSCRIPTION + TAG, CLOCK);
  view.setUint32(SUBSCRIPTION + CLOCK_ID, MONOTONIC, true);
  view.setBigUint64(SUBSCRIPTION + TIMEOUT, PATIENCE, true);
  const pollOneoff: unknown = wasi.wasiImport['poll_oneoff'];
  return () => {
    if (typeof pollOneoff !== 'function') return false;
    const status: unknown = Reflect.apply(pollOneoff, undefined, [0, EVENTS_AT, 2, COUNT_AT]);
    const count = status === 0 ? view.getUint32(COUNT_AT, true) : 0;
    const events = Array.from({ length: count }, (_, at) => EVENTS_AT + at * EVENT);
    const hasFailed = (at: number) => view.getUint16(at + EVENT_ERROR, true) !== 0;
    return events.some((at) => view.getUint8(at + EVENT_TAG) === FD_WRITE && hasFailed(at));
  };
}

/** Node warns on stderr of what may still change; if it does, nothing is known of pipes any more. */
function withoutWarning<Result>(load: () => Result): Result {
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  if (before === undefined) return load();
  Object.defineProperty(process, 'emitWarning', { ...before, value: () => undefined });
  try {
    return load();
  } finally {
    Object.defineProperty(process, 'emitWarning', before);
  }
}
