/** An object of listcache's long format, taken apart for `--json` (spec/cfs.md, 6.5). */
export interface CachedObject {
  /** In hexadecimal digits. */
  readonly volume: string;
  /** Where the volume is mounted; `???` where that is not known. */
  readonly mountPath: string;
  /** Inside the volume; empty for its root. */
  readonly path: string;
  readonly fid: string;
  readonly type: 'directory' | 'symlink' | 'file';
  /** Status and contents are those of the servers, and nothing of it is unsent. */
  readonly valid: boolean;
  /** Whether it is the root of a volume, or a link that mounts one, now or at all. */
  readonly link: 'root' | 'mounted' | 'unmounted' | undefined;
}

const types = { d: 'directory', s: 'symlink', f: 'file' } as const;
const links = { '/': 'root', m: 'mounted', l: 'unmounted', ' ': undefined } as const;

/** What is no line of a listing: names are written raw, and may hold newlines. */
export interface OtherText {
  readonly text: string;
}

/** Reads a listing in parts of whole lines; a volume may go on in the next part. */
export class CacheLines {
  #volume: Pick<CachedObject, 'volume' | 'mountPath'> | undefined;

  read(part: string): readonly (CachedObject | OtherText)[] {
    return part
      .replace(/\n$/, '')
      .split('\n')
      .flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): CachedObject | OtherText | undefined {
    if (line === '') {
      this.#volume = undefined;
      return undefined;
    }
    if (!this.#volume) {
      const [, mountPath, volume] = /^(.*): ([0-9a-f]{8})$/s.exec(line) ?? [];
      if (mountPath === undefined || volume === undefined) return { text: line };
      this.#volume = { volume, mountPath };
      return undefined;
    }
    return this.#object(line, this.#volume);
  }

  #object(line: string, volume: Pick<CachedObject, 'volume' | 'mountPath'>): CachedObject | OtherText {
    const [, star, type, link, path, fid] =
      /^([ *]) ([dsf])([ml/ ]) (.*) {2}[0-9a-f]+\.([0-9a-f]+\.[0-9a-f]+\.[0-9a-f]+)$/s.exec(line) ?? [];
    if (path === undefined || fid === undefined || !isType(type) || !isLink(link)) return { text: line };
    return { ...volume, path, fid, type: types[type], valid: star === ' ', link: links[link] };
  }
}

function isType(letter: string | undefined): letter is keyof typeof types {
  return letter !== undefined && Object.hasOwn(types, letter);
}

function isLink(letter: string | undefined): letter is keyof typeof links {
  return letter !== undefined && Object.hasOwn(links, letter);
}
