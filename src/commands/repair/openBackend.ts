import { hostname } from 'node:os';
import { isErrno } from '../../ipc/errors.ts';
import { mountPointOf } from '../../ipc/openVenus.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { RepairBackend, RepairSession } from '../../repair/backend.ts';
import { DiskJournals, journalsDirectory } from '../../repair/real/journals.ts';
import { RealVenus } from '../../repair/real/realVenus.ts';
import { ShownFiles } from '../../repair/real/shownFiles.ts';
import { RealBackend } from '../../repair/realBackend.ts';
import { VenusBackend } from '../../repair/venusBackend.ts';
import type { Context } from '../context.ts';
import type { RepairPlace } from './repairCommand.ts';

/** What repairs at the venus in use: sessions that it keeps, or that the tool keeps where it has none. */
export async function openBackend(context: Context): Promise<RepairPlace> {
  const files = await context.files();
  const real = await realBackend(context, files);
  const shown = new ShownFiles(files, () => real.shown);
  const backend = !context.isEmbedded()
    ? real
    : new EitherBackend(new VenusBackend(await context.http('repair'), files), real);
  return { backend, files: () => Promise.resolve(shown) };
}

/** An embedded venus tells by its answer whether it shows conflicts as a real one does. */
class EitherBackend implements RepairBackend {
  readonly #own: RepairBackend;
  readonly #real: RepairBackend;

  constructor(own: RepairBackend, real: RepairBackend) {
    this.#own = own;
    this.#real = real;
  }

  async begin(path: string): Promise<RepairSession> {
    try {
      return await this.#own.begin(path);
    } catch (error) {
      if (isErrno(error, 'EOPNOTSUPP')) return this.#real.begin(path);
      throw error;
    }
  }
}

async function realBackend(context: Context, files: FileTree): Promise<RealBackend> {
  const { env, uid } = context.surroundings;
  const address = context.address();
  const place = address.kind === 'mount' ? address.directory : address.path;
  return new RealBackend({
    venus: new RealVenus(await context.venus(), uid, context.timeLimit),
    files,
    journals: new DiskJournals(journalsDirectory(env)),
    patience: context.timeLimit,
    place: `${place}\0${context.otherUid() ?? uid}`,
    // Venus names things from where it is mounted, or as if it were.
    roots: [...new Set([mountPointOf(address), '/coda'])],
    client: (address.kind === 'socket' && env['CODA_CLIENT']) || hostname(),
  });
}
