import { constants } from 'node:fs';
import { ProtocolError } from '../ipc/errors.ts';
import {
  MAX_INPUT,
  MAX_OUTPUT,
  MAX_PATH,
  decodeRequest,
  decodeRequestHeader,
  encodeReply,
} from '../ipc/framing.ts';
import { failWith } from './failure.ts';
import type { VenusSessions } from './venusSessions.ts';

const NAME = /^\.\.\.PIOCTL\.[0-9a-fA-F]{1,8}$/;
/** What a request may be at most: header, path and input. */
const LONGEST = 128 + MAX_PATH + MAX_INPUT;
const MAX_OPCODE = 255;

/** A file by which one pioctl is made (spec/cfs.md, 3.3 and 3.4): what is written to it is run when it is opened to be read. */
export class PioctlFile {
  readonly id: number;
  readonly name: string;
  /** Who made it: nobody else may use it. */
  readonly uid: number;
  bytes: Buffer = Buffer.alloc(0);

  constructor(id: number, name: string, uid: number) {
    this.id = id;
    this.name = name;
    this.uid = uid;
  }

  /** @throws VenusError EFBIG for what no request needs */
  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    if (end > LONGEST) failWith('EFBIG');
    if (end > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(end - this.bytes.length)]);
    this.bytes.set(bytes, offset);
  }
}

/** The pioctl files of a mount. They are in its root, and never in a listing. */
export class PioctlFiles {
  readonly #venus: VenusSessions;
  readonly #byName = new Map<string, PioctlFile>();
  readonly #byId = new Map<number, PioctlFile>();

  constructor(venus: VenusSessions) {
    this.#venus = venus;
  }

  static isName(name: string): boolean {
    return NAME.test(name);
  }

  /** The file of a name, which need not be there before. */
  conjure(name: string, uid: number, newId: () => number): PioctlFile {
    const known = this.#byName.get(name);
    if (known) return known;
    const file = new PioctlFile(newId(), name, uid);
    this.#byName.set(name, file);
    this.#byId.set(file.id, file);
    return file;
  }

  find(id: number): PioctlFile | undefined {
    return this.#byId.get(id);
  }

  /** The name is for another request now. */
  destroy(file: PioctlFile): void {
    this.#byId.delete(file.id);
    if (this.#byName.get(file.name) === file) this.#byName.delete(file.name);
  }

  /**
   * Opens a file: to be written, or to be read, which runs the request that was written to it.
   * @param gone when nobody waits for the open any more
   * @throws VenusError, which fails the open
   */
  async open(file: PioctlFile, uid: number, flags: number, gone: AbortSignal): Promise<void> {
    if (file.uid !== uid) failWith('EACCES');
    if ((flags & constants.O_TRUNC) !== 0) file.bytes = Buffer.alloc(0);
    const access = flags & (constants.O_WRONLY | constants.O_RDWR);
    if (access === constants.O_WRONLY) return;
    file.bytes = Buffer.from(await this.#run(file, gone));
  }

  async #run({ bytes, uid }: PioctlFile, gone: AbortSignal): Promise<Uint8Array> {
    const request = parse(bytes);
    const frame = bytes.subarray(0, request.length);
    const reply = await this.#venus.relay(uid, frame, gone).catch((error: unknown) => {
      if (gone.aborted) failWith('EINTR');
      throw error;
    });
    if (reply.errno !== 0) await this.#checkPath(request.path, request.follow, uid);
    return encodeReply(reply);
  }

  /** A path that cannot be resolved fails the open, as on a real Coda; the socket answers as if the call had failed. */
  async #checkPath(path: string, follow: boolean, uid: number): Promise<void> {
    const files = this.#venus.filesOf(uid);
    await (follow ? files.resolve(path || '/') : files.lstat(path || '/'));
  }
}

/** @throws VenusError as the second open fails for a request that is none (spec/cfs.md, 3.6) */
function parse(bytes: Buffer): { readonly path: string; readonly follow: boolean; readonly length: number } {
  const header = headerOf(bytes) ?? failWith('EIO');
  const { opcode, pathLength, inputLength, outSize, headerLength } = header;
  if (opcode > MAX_OPCODE || inputLength > MAX_INPUT || outSize > MAX_OUTPUT || pathLength > MAX_PATH)
    failWith('EINVAL');
  if (bytes.length < headerLength + pathLength) failWith('EINVAL');
  const length = headerLength + pathLength + inputLength;
  if (bytes.length < length) failWith('EFAULT');
  const { path, follow } = decodeRequest(header, bytes);
  return { path, follow, length };
}

function headerOf(bytes: Buffer): ReturnType<typeof decodeRequestHeader> {
  try {
    return decodeRequestHeader(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
