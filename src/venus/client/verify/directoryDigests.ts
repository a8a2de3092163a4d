import { type Hash, createHash } from 'node:crypto';
import { type Fid, formatFid } from '../../../ipc/fid.ts';
import type { NamedSide, PresentSide } from './differences.ts';
import { type JudgedSide, judgedObject } from './verdict.ts';

/** What the servers have in a directory, as digests, so that it takes the same room however many names there are. */
export class DirectoryDigests {
  readonly #hashes: ReadonlyMap<string, Hash>;
  readonly #beyond: ReadonlyMap<string, Set<string>>;
  #differ = false;

  constructor(servers: readonly string[]) {
    this.#hashes = new Map(servers.map((server) => [server, createHash('sha256')]));
    this.#beyond = new Map(servers.map((server) => [server, new Set<string>()]));
  }

  /** Whether there is a difference in names, or in what they stand for. */
  get differ(): boolean {
    return this.#differ;
  }

  add(name: string, sides: readonly NamedSide[]): void {
    const texts = sides.map(({ server, entry }) => ({ server, text: entry ? formatFid(entry.fid) : '' }));
    for (const { server, text } of texts)
      if (text !== '') this.#hashes.get(server)?.update(`${name}/${text}\n`);
    if (texts.every(({ text }) => text === texts[0]?.text)) return;
    this.#differ = true;
    for (const one of texts)
      for (const other of texts)
        if (one.text !== '' && one.text !== other.text) this.#beyond.get(one.server)?.add(other.server);
  }

  /** A name stands for nothing at some servers. */
  noteLost(name: string, fid: Fid, servers: readonly string[]): void {
    this.#differ = true;
    for (const server of servers) this.#hashes.get(server)?.update(`lost ${name}/${formatFid(fid)}\n`);
  }

  judged(side: PresentSide): JudgedSide {
    const own = judgedObject(side);
    const names = this.#hashes.get(side.server)?.copy().digest('hex') ?? '';
    return {
      ...own,
      signature: own.signature === undefined ? undefined : `${own.signature} ${names}`,
      beyond: this.#beyond.get(side.server) ?? new Set(),
    };
  }
}
