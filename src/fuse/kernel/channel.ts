import { close, read, writevSync } from 'node:fs';
import { type Agreement, agreementAnswer } from './answers.ts';
import { Capability, Opcode } from './opcodes.ts';
import { KernelRequest } from './request.ts';

/** Bytes of one write at most, and the room that a request needs besides. */
const MAX_WRITE = 1024 * 1024;
const HEAD_ROOM = 4096;
const PAGE = 4096;
/** Requests taken from the kernel at a time; each takes a thread of Node's pool while there is none. */
const READERS = 2;
/** The minor version of the protocol that is spoken here; a newer kernel goes by it. */
const MINOR = 31;
const ANSWER_HEAD = 16;
const HIGH = 2 ** 32;
const ENOSYS = 38;

/** Serves a request: everything that it needs of its bytes it takes before it waits. */
export type Serve = (request: KernelRequest) => void;

/** The two ends of a mounted file system: what the kernel asks, and what it is answered. */
export class KernelChannel {
  readonly #fd: number;
  readonly #serve: Serve;
  readonly ended: Promise<void>;
  #readers = READERS;
  #end: () => void = () => undefined;

  /** @param fd of /dev/fuse, of a file system that is mounted; it is closed when the file system is not mounted any more */
  constructor(fd: number, serve: Serve) {
    this.#fd = fd;
    this.#serve = serve;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    for (let reader = 0; reader < READERS; reader++) this.#read(Buffer.alloc(MAX_WRITE + HEAD_ROOM));
  }

  /** An answer is written at once, and never waits. */
  answer(unique: number, body?: Uint8Array): void {
    this.#write(unique, 0, body);
  }

  /** @param errno positive */
  fail(unique: number, errno: number): void {
    this.#write(unique, errno, undefined);
  }

  #read(buffer: Buffer): void {
    read(this.#fd, buffer, 0, buffer.length, null, (error, length) => {
      if (error) {
        // A request that was interrupted before it was read, or a signal; otherwise nothing comes any more.
        if (error.code === 'ENOENT' || error.code === 'EINTR' || error.code === 'EAGAIN') this.#read(buffer);
        else this.#stopReading();
        return;
      }
      const request = new KernelRequest(buffer.subarray(0, length));
      if (request.opcode === Opcode.Init) this.#agree(request);
      else this.#serve(request);
      this.#read(buffer);
    });
  }

  #stopReading(): void {
    this.#readers -= 1;
    if (this.#readers === 0) close(this.#fd, () => this.#end());
  }

  #agree(request: KernelRequest): void {
    const major = request.u32();
    const [minor, readAhead, offered] = [request.u32(), request.u32(), request.u32()];
    const { AsyncRead, AtomicTruncate, BigWrites, ParallelDirectoryOperations, MaxPages } = Capability;
    const wanted = AsyncRead | AtomicTruncate | BigWrites | ParallelDirectoryOperations | MaxPages;
    const agreement: Agreement = {
      minor: Math.min(minor, MINOR),
      readAhead,
      flags: offered & wanted,
      maxWrite: MAX_WRITE,
      maxPages: MAX_WRITE / PAGE,
    };
    if (major === 7) this.answer(request.unique, agreementAnswer(agreement));
    else this.fail(request.unique, ENOSYS);
  }

  #write(unique: number, errno: number, body: Uint8Array | undefined): void {
    const head = Buffer.alloc(ANSWER_HEAD);
    head.writeUInt32LE(ANSWER_HEAD + (body?.length ?? 0), 0);
    head.writeInt32LE(-errno, 4);
    head.writeUInt32LE(unique % HIGH, 8);
    head.writeUInt32LE(Math.floor(unique / HIGH), 12);
    try {
      writevSync(this.#fd, body && body.length > 0 ? [head, body] : [head]);
    } catch (error) {
      // Nobody waits for it any more: the request was given up, or the file system is gone.
      if (!isErrorCode(error, 'ENOENT', 'ENODEV', 'EBADF')) throw error;
    }
  }
}

function isErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
