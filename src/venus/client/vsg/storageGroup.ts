import { VenusError, isErrno } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { sameStoreId } from '../../tree/version.ts';
import { fail } from '../../fail.ts';
import { logFault } from '../../log.ts';
import { noAnswer } from '../../net/failure.ts';
import type {
  FetchAnswer,
  FetchedObject,
  FileProtocol,
  RefusedRecord,
  ReintegrationAnswer,
} from '../../net/fileProtocol.ts';
import type { Remote, Service } from '../../net/link.ts';
import { NewestMembers } from './newestMembers.ts';
import type { WatchedServer } from '../reachability.ts';
import { type Agreement, agree, combined } from './agreement.ts';
import { type Answered, type GroupMember, type Poll, askAny, askWhole, poll } from './poll.ts';
import { GroupTransfers, type Transfer } from './transfers.ts';

type Request<Name extends keyof FileProtocol> = FileProtocol[Name]['request'];
type Done = Extract<ReintegrationAnswer, { kind: 'done' }>;

/** What there is to ask about a volume: its one server, or all of them. */
export type VolumeServer = WatchedServer | StorageGroup;

/** Milliseconds for the second phase of somebody's update to arrive, before servers are said to differ. */
const SECOND_PHASE = 30;

/**
 * The servers of a replicated volume, as one: reads compare what they say and have them resolved where they differ, changes go
 * to all that can be reached, in two phases (spec/repair.md, 1 and 14).
 */
export class StorageGroup implements Remote<FileProtocol> {
  readonly members: readonly GroupMember[];
  readonly #volume: number;
  readonly #preferred: () => string | undefined;
  readonly #service: Service<FileProtocol>;
  readonly #transfers = new GroupTransfers();
  #resolutions = 0;
  readonly #newest = new NewestMembers();
  /** What goes on after its caller has been answered. */
  readonly #behind = new Set<Promise<unknown>>();

  /** @param preferred the server to fetch contents from, if it has the newest version */
  constructor(
    volume: number,
    members: readonly GroupMember[],
    preferred: () => string | undefined = () => undefined,
  ) {
    this.#volume = volume;
    this.members = members;
    this.#preferred = preferred;
    this.#service = this.#serve();
  }

  /** A server, where one is enough. */
  any(): GroupMember {
    return this.#reachable()[0] ?? fail('ETIMEDOUT');
  }

  get name(): string {
    return this.any().server.name;
  }

  /** Whether one of them answered what it was asked last. */
  get hasAnswered(): boolean {
    return this.members.some(({ server }) => server.hasAnswered);
  }

  /** Whether its servers are being brought to the same state at the wish of this client. */
  get isResolving(): boolean {
    return this.#resolutions > 0;
  }

  get isUp(): boolean {
    return this.members.some(({ server }) => server.isUp);
  }

  call<Name extends keyof FileProtocol>(
    name: Name,
    request: FileProtocol[Name]['request'],
  ): Promise<FileProtocol[Name]['reply']> {
    return this.#service[name](request);
  }

  /** Has the servers that can be reached come to the same state. Where they cannot, the volume stays as it is. */
  async resolve(): Promise<void> {
    await this.#resolving(askAny(this.#reachable(), 'resolveVolume', { volume: this.#volume }));
  }

  /** Resolves when nothing goes on any more that nobody waits for. */
  async settled(): Promise<void> {
    while (this.#behind.size > 0) await Promise.all(this.#behind);
  }

  #preferredFirst(members: readonly GroupMember[]): readonly GroupMember[] {
    const name = this.#preferred();
    const isPreferred = ({ server }: GroupMember) => server.name === name;
    return [...members.filter(isPreferred), ...members.filter((member) => !isPreferred(member))];
  }

  #serve(): Service<FileProtocol> {
    const any =
      <Name extends keyof FileProtocol>(name: Name) =>
      async (request: Request<Name>) =>
        (await askAny(this.#reachable(), name, request)).reply;
    const newestOf = (fid: Fid) => this.#newest.among(this.#reachable(), fid);
    const ofOne = () => fail('EOPNOTSUPP', 'Each server is asked that by itself.');
    return {
      probe: any('probe'),
      getStatus: async (request) => (await askAny(newestOf(request.fid), 'getStatus', request)).reply,
      fetchObject: (request) => this.#fetchObject(request),
      fetchObjects: (request) => this.#fetchObjects(request),
      lookup: async (request) => (await askAny(newestOf(request.directory), 'lookup', request)).reply,
      readDirectory: async (request) =>
        (await askAny(newestOf(request.directory), 'readDirectory', request)).reply,
      nameOf: async (request) => (await askAny(newestOf(request.fid), 'nameOf', request)).reply,
      openFetch: async (request) => {
        const members = this.#preferredFirst(newestOf(request.fid));
        const { member, reply } = await askWhole(members, 'openFetch', request);
        return { ...reply, handle: this.#transfers.add([{ member, handle: reply.handle }]) };
      },
      fetchFragment: async (request) => {
        const { member, handle } = this.#transfer(request.handle);
        return member.server.call('fetchFragment', { ...request, handle });
      },
      digestFetch: async (request) => {
        const { member, handle } = this.#transfer(request.handle);
        return member.server.call('digestFetch', { handle });
      },
      closeFetch: async (request) => {
        const { member, handle } = this.#transfer(request.handle);
        this.#transfers.end(request.handle);
        return member.server.call('closeFetch', { handle });
      },
      examine: ofOne,
      digest: ofOne,
      openStore: async (request) => {
        const { answers } = needed(await poll(this.#reachable(), 'openStore', () => request));
        const transfers = answers.map(({ member, reply }) => ({ member, handle: reply.handle }));
        return { handle: this.#transfers.add(transfers) };
      },
      storeFragment: async ({ handle, bytes }) =>
        this.#eachTransfer(handle, (each) =>
          each.member.server.call('storeFragment', { handle: each.handle, bytes }),
        ),
      finishStore: async ({ handle }) =>
        this.#eachTransfer(handle, (each) => each.member.server.call('finishStore', { handle: each.handle })),
      abandonStore: async ({ handle }) => {
        const transfers = this.#transfers.get(handle);
        this.#transfers.end(handle);
        await Promise.allSettled(
          transfers.map((each) => each.member.server.call('abandonStore', { handle: each.handle })),
        );
        return null;
      },
      reserveFids: any('reserveFids'),
      reintegrate: (request) => this.#reintegrate(request),
      concludeUpdates: ofOne,
      listInconsistent: ofOne,
      resolveVolume: any('resolveVolume'),
      fence: async (request) => {
        const { answers } = needed(await poll(this.#reachable(), 'fence', () => request));
        return { wasPerformed: answers.some(({ reply }) => reply.wasPerformed) };
      },
      certifyLog: (request) => this.#certifyLog(request),
      repairReplica: ofOne,
      setVersion: ofOne,
      getAcl: async (request) => (await askAny(newestOf(request.fid), 'getAcl', request)).reply,
      setAcl: (request) => this.#setAcl(request),
      getVolumeStatus: any('getVolumeStatus'),
      setVolumeStatus: async (request) =>
        first(needed(await poll(this.#reachable(), 'setVolumeStatus', () => request))).reply,
      describeVolume: any('describeVolume'),
      rightsChanged: ofOne,
      createVolume: ofOne,
      dropVolume: ofOne,
      openDump: ofOne,
      sendDumpBase: ofOne,
      readDump: ofOne,
      closeDump: ofOne,
      openRestore: ofOne,
      writeRestore: ofOne,
      finishRestore: ofOne,
      abandonRestore: ofOne,
      settleRestore: ofOne,
    };
  }

  /** Those that answered last time they were asked; all if none did. */
  #reachable(): readonly GroupMember[] {
    const up = this.members.filter(({ server }) => server.isUp);
    return up.length > 0 ? up : this.members;
  }

  /** Where servers cannot be resolved now, the volume stays as it is. */
  async #resolving(resolution: Promise<unknown>): Promise<void> {
    this.#resolutions += 1;
    try {
      await resolution;
    } catch (error) {
      if (!isErrno(error, 'EAGAIN', 'ETIMEDOUT', 'ENXIO')) throw error;
    } finally {
      this.#resolutions -= 1;
    }
  }

  async #fetchObject(request: Request<'fetchObject'>): Promise<FetchedObject> {
    let found = await this.#look(request);
    if (found.kind === 'weakly equal') {
      await new Promise((resolve) => setTimeout(resolve, SECOND_PHASE));
      found = await this.#look(request);
    }
    for (const member of this.#reachable()) {
      if (found.kind === 'equal' || found.kind === 'inconsistent') break;
      await this.#resolving(member.server.call('resolveVolume', { volume: this.#volume }));
      found = await this.#look(request);
    }
    if (found.kind === 'concurrent')
      fail(
        'ETIMEDOUT',
        'Its servers have different versions of it, and do not reach each other to settle that.',
      );
    return found.answer;
  }

  /** What all that answer have alike is told as it is; the rest is looked at one by one. */
  async #fetchObjects({ fids, ...asked }: Request<'fetchObjects'>): Promise<readonly FetchAnswer[]> {
    const { answers } = needed(await poll(this.#reachable(), 'fetchObjects', () => ({ ...asked, fids })));
    const { credentials, client } = asked;
    return Promise.all(
      fids.map(async (fid, at) => {
        const objects = answers.flatMap(({ reply }) => {
          const answer = reply[at];
          return answer?.kind === 'object' ? [answer.object] : [];
        });
        const alike = objects.length === answers.length ? this.#agreed(objects) : undefined;
        if (alike?.kind === 'equal') {
          this.#newest.note(
            fid,
            answers.map(({ member }) => member),
          );
          return { kind: 'object', object: alike.answer };
        }
        try {
          return { kind: 'object', object: await this.#fetchObject({ credentials, client, fid }) };
        } catch (error) {
          if (error instanceof VenusError) return { kind: 'refused', errno: error.errno };
          throw error;
        }
      }),
    );
  }

  #agreed(objects: readonly FetchedObject[]): Agreement<FetchedObject> | undefined {
    return agree(
      objects,
      ({ status }) => status.versionVector,
      (answer, versionVector) => ({ ...answer, status: { ...answer.status, versionVector } }),
    );
  }

  /** What the servers say of an object. @throws what they refuse, if they agree in that */
  async #look(request: Request<'fetchObject'>): Promise<Agreement<FetchedObject>> {
    const { answers, failures } = await poll(this.#reachable(), 'fetchObject', () => request);
    const [failure] = failures;
    const agreement = this.#agreed(answers.map(({ reply }) => reply));
    if (!agreement) throw asError(failure);
    const { storeId } = agreement.answer.status.versionVector;
    const isNewest = ({ reply }: Answered<FetchedObject>) =>
      sameStoreId(reply.status.versionVector.storeId, storeId);
    this.#newest.note(
      request.fid,
      answers.filter(isNewest).map(({ member }) => member),
    );
    // One that has it and one that has it not, or may show it and may not, differ in what is above it.
    return failure && agreement.kind === 'equal' ? { ...agreement, kind: 'dominated' } : agreement;
  }

  async #reintegrate(request: Request<'reintegrate'>): Promise<ReintegrationAnswer> {
    const reachable = this.#reachable();
    const members = reachable.filter((member) => this.#hasAll(request, member));
    if (members.length === 0 && reachable.some(({ server }) => server.isUp))
      fail('ESTALE', 'The servers that have the contents cannot be reached; others can.');
    const asked = await poll(members, 'reintegrate', (member) => ({
      ...request,
      records: request.records.map((record) =>
        record.handle === undefined
          ? record
          : { ...record, handle: this.#transfers.at(record.handle, member) },
      ),
    }));
    const done = asked.answers.flatMap(({ member, reply }) =>
      reply.kind === 'done' ? [{ member, reply }] : [],
    );
    if (done.length === 0) return first(needed(asked)).reply;
    for (const { handle } of request.records) if (handle !== undefined) this.#transfers.end(handle);
    const storeIds = request.records.map(({ storeId }) => storeId);
    this.#conclude(storeIds, done);
    if (done.length < this.#reachable().length) this.#goOn(this.resolve());
    return {
      kind: 'done',
      versions: combinedVersions(done),
      stale: done.flatMap(({ reply }) => reply.stale),
    };
  }

  /** What all of them would refuse: one that lags is not right about what others performed. */
  async #certifyLog(request: Request<'certifyLog'>): Promise<readonly RefusedRecord[]> {
    const { answers } = needed(await poll(this.#reachable(), 'certifyLog', () => request));
    const [refused, ...others] = answers.map(({ reply }) => reply);
    const isRefused = ({ index }: RefusedRecord) =>
      others.every((reply) => reply.some((record) => record.index === index));
    return refused?.filter(isRefused) ?? [];
  }

  async #setAcl(request: Request<'setAcl'>): Promise<null> {
    const asked = needed(await poll(this.#reachable(), 'setAcl', () => request));
    this.#conclude([request.storeId], asked.answers);
    if (asked.failures.length > 0) this.#goOn(this.resolve());
    return null;
  }

  /** The second phase: those that have performed updates are told of each other. One that does not hear it is told by a resolution. */
  #conclude(storeIds: readonly StoreId[], done: readonly Answered<unknown>[]): void {
    const members = done.map(({ member }) => member);
    const request = { volume: this.#volume, storeIds, sites: members.map(({ site }) => site) };
    this.#goOn(poll(members, 'concludeUpdates', () => request));
  }

  #goOn(work: Promise<unknown>): void {
    const noted = work
      .catch((error: unknown) => logFault('storage group', error))
      .finally(() => this.#behind.delete(noted));
    this.#behind.add(noted);
  }

  #hasAll({ records }: Request<'reintegrate'>, member: GroupMember): boolean {
    return records.every(
      ({ handle }) => handle === undefined || this.#transfers.at(handle, member) !== undefined,
    );
  }

  #transfer(handle: number): Transfer {
    return this.#transfers.get(handle)[0] ?? fail('ESTALE');
  }

  /** Goes on with the servers that can be reached; those that have missed something are left out from then on. */
  async #eachTransfer(handle: number, work: (transfer: Transfer) => Promise<null>): Promise<null> {
    const kept: Transfer[] = [];
    await Promise.all(
      this.#transfers.get(handle).map(async (transfer) => {
        try {
          await work(transfer);
          kept.push(transfer);
        } catch (error) {
          if (!isErrno(error, 'ETIMEDOUT', 'ENXIO')) throw error;
        }
      }),
    );
    if (kept.length === 0) throw noAnswer();
    this.#transfers.keep(handle, kept);
    return null;
  }
}

/** @throws what was refused, if nothing was answered */
function needed<Reply>(asked: Poll<Reply>): Poll<Reply> {
  if (asked.answers.length > 0) return asked;
  throw asError(asked.failures[0]);
}

function asError(failure: Poll<unknown>['failures'][number] | undefined): Error {
  return failure?.error ?? noAnswer();
}

function first<Reply>({ answers }: Poll<Reply>): Answered<Reply> {
  const [answer] = answers;
  if (!answer) throw noAnswer();
  return answer;
}

function combinedVersions(done: readonly Answered<Done>[]): Done['versions'] {
  const byObject = new Map<number, Done['versions'][number][]>();
  for (const version of done.flatMap(({ reply }) => reply.versions)) {
    const known = byObject.get(version.fid.vnode);
    if (known) known.push(version);
    else byObject.set(version.fid.vnode, [version]);
  }
  return [...byObject.values()].flatMap((versions) => {
    const [version] = versions;
    const versionVector = combined(versions);
    return version && versionVector ? [{ fid: version.fid, versionVector }] : [];
  });
}
