import { ProtocolError, VenusError } from '../errors.ts';
import type {
  AttributeChange,
  DirectoryEntry,
  ListOptions,
  FileStatus,
  FileTree,
  StoreOptions,
  WriteOptions,
} from '../venus.ts';
import type { HttpSession } from './httpSession.ts';
import {
  STATUS_HEADER,
  changedSchema,
  directoryLineSchema,
  emptySchema,
  fileStatusSchema,
  linkTargetSchema,
  parseStatusHeader,
  resolvedSchema,
  toQueryName,
} from './routes.ts';

/** The file tree of the embedded venus, over HTTP. */
export class HttpFiles implements FileTree {
  readonly #http: HttpSession;

  constructor(http: HttpSession) {
    this.#http = http;
  }

  lstat(path: string): Promise<FileStatus> {
    return this.#http.json({ method: 'GET', route: route('lstat', { path }) }, fileStatusSchema);
  }

  resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return this.#http.json({ method: 'GET', route: route('resolve', { path }) }, resolvedSchema);
  }

  async *readdir(path: string, { withVersions = false }: ListOptions = {}): AsyncGenerator<DirectoryEntry> {
    const query = withVersions ? { path, versions: 1 } : { path };
    const request = { method: 'GET', route: route('readdir', query) } as const;
    for await (const line of this.#http.lines(request, directoryLineSchema)) {
      if ('name' in line) yield line;
      else if ('errno' in line) throw new VenusError(line.errno);
      else return;
    }
    throw new ProtocolError('readdir: entries are missing at the end');
  }

  async readlink(path: string): Promise<string> {
    const request = { method: 'GET', route: route('readlink', { path }) } as const;
    return (await this.#http.json(request, linkTargetSchema)).target;
  }

  read(path: string): AsyncIterable<Uint8Array> {
    return this.#http.bytes({ method: 'GET', route: route('read', { path }) });
  }

  async write(path: string, contents: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<void> {
    const { mode, exclusive } = options;
    const query = route('write', { path, mode, exclusive: exclusive ? 1 : 0 });
    await this.#http.json({ method: 'PUT', route: query, bytes: contents }, emptySchema);
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#change('mkdir', { path, mode });
  }

  symlink(path: string, target: string): Promise<void> {
    return this.#change('symlink', { path, target });
  }

  link(existing: string, path: string): Promise<void> {
    return this.#change('link', { existing, path });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change('rename', { path: from, to });
  }

  remove(path: string): Promise<void> {
    return this.#change('remove', { path });
  }

  setattr(path: string, change: AttributeChange): Promise<void> {
    return this.#change('setattr', { path, ...change });
  }

  /** As write, and tells what has become of the file. */
  async store(
    path: string,
    contents: AsyncIterable<Uint8Array> | Uint8Array,
    { mode, exclusive, modified }: StoreOptions,
  ): Promise<FileStatus> {
    const time = modified === undefined ? {} : { modified };
    const query = route('write', { path, mode, exclusive: exclusive ? 1 : 0, status: 1, ...time });
    const answer = await this.#http.json({ method: 'PUT', route: query, bytes: contents }, changedSchema);
    return answer.status;
  }

  /** As mkdir, symlink, link and setattr of the object itself, and tells what it is then. */
  async changed(
    operation: 'mkdir' | 'symlink' | 'link' | 'setattr',
    query: Readonly<Record<string, string | number>>,
  ): Promise<FileStatus> {
    const request = { method: 'POST', route: route(operation, { ...query, status: 1 }) } as const;
    return (await this.#http.json(request, changedSchema)).status;
  }

  /**
   * The contents of a file that may be read, or be changed, and what it is. All of the contents are to be taken.
   * @param known a version of which no contents are wanted, or `any`
   * @throws VenusError EACCES, EROFS
   */
  async open(
    path: string,
    wanted: 'read' | 'write',
    known: string | undefined,
  ): Promise<{ readonly status: FileStatus; readonly contents: AsyncIterable<Uint8Array> | undefined }> {
    const query = { path, wanted, ...(known === undefined ? {} : { known }) };
    const request = { method: 'GET', route: route('open', query) } as const;
    const { header, bytes } = await this.#http.headed(request, STATUS_HEADER);
    const status = parseStatusHeader(header);
    if (known === undefined || (known !== 'any' && known !== status.version))
      return { status, contents: bytes };
    for await (const none of bytes)
      throw new ProtocolError(`open: ${none.length} bytes that were not asked for`);
    return { status, contents: undefined };
  }

  /** @throws VenusError EACCES, EROFS where the contents of a file may not be read, or not be changed */
  async checkAccess(path: string, wanted: 'read' | 'write'): Promise<void> {
    await this.#http.json({ method: 'GET', route: route('access', { path, wanted }) }, emptySchema);
  }

  async #change(operation: string, query: Readonly<Record<string, string | number>>): Promise<void> {
    await this.#http.json({ method: 'POST', route: route(operation, query) }, emptySchema);
  }
}

function route(operation: string, query: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(query).map(([key, value]) => `${key}=${toQueryName(String(value))}`);
  return `/tree/${operation}?${parts.join('&')}`;
}
