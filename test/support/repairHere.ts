/** Repairs in a realm without processes: what the tools do, at a cache manager of this process. */
import { join } from 'node:path';
import type { Pioctls } from '../../src/ipc/call.ts';
import { RealBackend } from '../../src/repair/realBackend.ts';
import { DiskJournals } from '../../src/repair/real/journals.ts';
import { RealVenus } from '../../src/repair/real/realVenus.ts';
import { ShownFiles } from '../../src/repair/real/shownFiles.ts';
import type { ReplicaKeep } from '../../src/repair/replicas/keepDecisions.ts';
import { keepReplicas } from '../../src/repair/replicas/keepReplicas.ts';
import { serverConflictsOf } from '../../src/venus/client/replicas/serverConflicts.ts';
import { pioctlHandlers } from '../../src/venus/pioctls/table.ts';
import { OPERATOR } from '../venus/support.ts';
import type { ReplicatedClient } from './replicatedRealm.ts';

/** Milliseconds. */
const PATIENCE = 20_000;
/** Each repair may bring other objects into conflict, but none for ever. */
const MAX_REPAIRS = 40;

const NO_CHRONICLE = { authorOf: () => undefined, removedAt: () => undefined };

export class RepairsHere {
  readonly #client: ReplicatedClient;
  readonly #journals: string;

  /** @param directory where repairs may keep what they need */
  constructor(client: ReplicatedClient, directory: string) {
    this.#client = client;
    this.#journals = join(directory, 'journals', client.name);
  }

  /**
   * Repairs what is in conflict in a volume, from the top down, until nothing is: of files the newest version stays, of
   * directories all that any server has.
   */
  async repairAll(volume: number): Promise<void> {
    for (let count = 0; ; count++) {
      const { conflicts } = await serverConflictsOf(this.#client.session(), volume);
      const [first] = [...conflicts].sort((one, other) => one.path.length - other.path.length);
      if (!first) return;
      if (count === MAX_REPAIRS) throw new Error(`${first.path} stays in conflict`);
      await this.repair(first.path, { kind: first.type === 'directory' ? 'both' : 'newest' });
    }
  }

  async repair(path: string, keep: ReplicaKeep): Promise<void> {
    const files = this.#client.files();
    const backend = new RealBackend({
      venus: new RealVenus(this.#pioctls, process.getuid?.() ?? 0, PATIENCE),
      files,
      journals: new DiskJournals(this.#journals),
      patience: PATIENCE,
      place: this.#client.name,
      roots: ['/coda'],
      client: this.#client.name,
    });
    const session = await backend.begin(path);
    if (session.kind !== 'server/server') throw new Error(`${path} is no conflict of servers`);
    try {
      const { type } = await session.document();
      const shown = new ShownFiles(files, () => backend.shown);
      const over = new AbortController().signal;
      const onReplace = () => Promise.resolve();
      const options = { session, files: shown, keep, chronicle: NO_CHRONICLE, onReplace, over };
      const { settled } = await keepReplicas(options, type);
      if (settled === 'in conflict') await session.abort();
    } catch (error) {
      // Where the client is cut off, the object stays expanded; whoever comes next finds it so.
      await session.abort().catch(() => undefined);
      throw error;
    }
  }

  get #pioctls(): Pioctls {
    return {
      pioctl: (request) => {
        const handler = pioctlHandlers.get(request.opcode);
        if (!handler) throw new Error(`nobody answers ${request.opcode}`);
        const ignored = () => undefined;
        const session = this.#client.session(OPERATOR);
        return handler.run({ session, speakFor: ignored, limitTime: ignored }, request);
      },
    };
  }
}
