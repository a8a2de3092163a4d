import { ProtocolError, VenusError } from '../errors.ts';
import type {
  AttributeChange,
  DirectoryEntry,
  ListOptions,
  FileStatus,
  FileTree,
  WriteOptions,
} from '../venus.ts';
import type { HttpSession } from './httpSession.ts';
import {
  directoryLineSchema,
  emptySchema,
  fileStatusSchema,
  linkTargetSchema,
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

  async #change(operation: string, query: Readonly<Record<string, string | number>>): Promise<void> {
    await this.#http.json({ method: 'POST', route: route(operation, query) }, emptySchema);
  }
}

function route(operation: string, query: Readonly<Record<string, string | number>>): string {
  const parts = Object.entries(query).map(([key, value]) => `${key}=${toQueryName(String(value))}`);
  return `/tree/${operation}?${parts.join('&')}`;
}
