import { type DumpItem, DumpReader } from '../../../dump/dumpReader.ts';
import type { Damage } from '../../../dump/errors.ts';
import { type DumpKind, type FileStatus, type HeaderRecord, kindOf } from '../../../dump/record.ts';
import { RefusedError } from '../../../ipc/errors.ts';
import type { RestoreReport } from '../../net/dumpProtocol.ts';
import type { Containers, NewContainer } from '../../store/containers.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';
import { PrincipalMap } from './principalMap.ts';
import { type RestoredObject, restoredObject } from './restoredObject.ts';
import type { RestoreTarget } from './restoreTarget.ts';

export interface VolumeRestoreOptions {
  readonly target: RestoreTarget;
  readonly containers: Containers;
  readonly protection: ProtectionDatabase;
  readonly volume: number;
  readonly kind: DumpKind;
  readonly isPartial: boolean;
}

/** Objects stored in one transaction, and files that are brought to the disk at a time. */
const [OBJECTS_AT_A_TIME, FILES_AT_A_TIME] = [256, 64];
/** Of long lists in the report. */
const MAX_TOLD = 1000;

/** Reads the stream of a dump, and hands what it holds to what is made of it. */
export class VolumeRestore {
  readonly #options: VolumeRestoreOptions;
  readonly #reader: DumpReader;
  readonly #principals: PrincipalMap;
  readonly #objects: RestoredObject[] = [];
  /** Files on their way to the disk. */
  readonly #syncing: Promise<void>[] = [];
  /** Containers that no record of the store mentions yet. */
  readonly #loose = new Set<number>();
  readonly #damages: Damage[] = [];
  readonly #lostFiles: string[] = [];
  #file: { readonly status: FileStatus; readonly container: NewContainer | undefined } | undefined;
  #header: HeaderRecord | undefined;
  #damageCount = 0;
  #restored = 0n;

  constructor(options: VolumeRestoreOptions) {
    this.#options = options;
    this.#reader = new DumpReader({ isTolerant: options.isPartial });
    this.#principals = new PrincipalMap(options.protection);
  }

  /** Takes the next bytes. @throws DumpDamagedError, RefusedError, VenusError ENOSPC */
  async write(bytes: Uint8Array): Promise<void> {
    for (const item of this.#reader.push(bytes)) await this.#take(item);
  }

  /** All has come. */
  async finish(): Promise<RestoreReport> {
    for (const item of this.#reader.end()) await this.#take(item);
    await this.#flush();
    const header = this.#needHeader();
    const { target, kind } = this.#options;
    const { isDamaged, indexEnd, counters } = this.#reader;
    const standIns = await target.finish(header, isDamaged ? undefined : indexEnd);
    this.#loose.clear();
    const expected = indexEnd?.dumpedObjects;
    return {
      kind,
      counters: { ...counters },
      objects: this.#restored,
      unknown: this.#principals.unknown.slice(0, MAX_TOLD),
      damages: this.#damages,
      damageCount: this.#damageCount,
      lostObjects: expected === undefined ? undefined : expected - this.#restored,
      lostFiles: this.#lostFiles,
      standIns: standIns.slice(0, MAX_TOLD),
    };
  }

  /** Undoes what was done. */
  async abandon(): Promise<void> {
    await this.#file?.container?.abandon();
    await Promise.allSettled(this.#syncing);
    await this.#options.target.abandon();
    for (const container of this.#loose) await this.#options.containers.remove(container);
    this.#loose.clear();
  }

  async #take(item: DumpItem): Promise<void> {
    switch (item.kind) {
      case 'header':
        await this.#begin(item);
        return;
      case 'principals':
        this.#principals.add(item.principals);
        return;
      case 'removed':
        this.#needHeader();
        await this.#options.target.remove(item.objects);
        return;
      case 'object':
        this.#needHeader();
        if (item.status.type === 'file') await this.#beginFile(item.status);
        else await this.#add(restoredObject(this.#options.volume, item.status, this.#principals, undefined));
        return;
      case 'data':
        await this.#file?.container?.append(item.bytes);
        return;
      case 'hole':
        this.#file?.container?.skip(Number(item.length));
        return;
      case 'file-end':
        await this.#endFile(item.isWhole);
        return;
      case 'damage':
        this.#damageCount += 1;
        if (this.#damages.length < MAX_TOLD) this.#damages.push(item.damage);
        return;
      case 'index':
      case 'index-end':
      case 'end':
        return;
    }
  }

  async #begin(header: HeaderRecord): Promise<void> {
    const { kind, target } = this.#options;
    const found = kindOf(header);
    if (found !== kind)
      throw new RefusedError('bad-request', `it is ${named[found]}, not ${named[kind]}`, {
        next:
          found === 'full'
            ? 'Restore it into a new volume.'
            : 'Restore the full dump first, then this onto it.',
      });
    await target.begin(header);
    this.#header = header;
  }

  /** Without a header there is no telling what the rest is for. */
  #needHeader(): HeaderRecord {
    if (this.#header) return this.#header;
    throw new RefusedError('dump-damaged', 'both copies of its header are damaged', {
      why: 'Without one it is not known what the dump is of.',
    });
  }

  async #beginFile(status: FileStatus): Promise<void> {
    const container = status.length > 0n ? await this.#options.containers.create() : undefined;
    if (container) this.#loose.add(container.id);
    this.#file = { status, container };
  }

  async #endFile(isWhole: boolean): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (!file) return;
    const { status, container } = file;
    if (!isWhole) {
      if (container) this.#loose.delete(container.id);
      await container?.abandon();
      if (this.#lostFiles.length < MAX_TOLD) this.#lostFiles.push(status.names[0] ?? '');
      return;
    }
    if (container) {
      const synced = container.finish();
      // A failure is met where all of them are awaited.
      synced.catch(() => undefined);
      this.#syncing.push(synced);
    }
    await this.#add(restoredObject(this.#options.volume, status, this.#principals, container?.id));
  }

  async #add(object: RestoredObject): Promise<void> {
    this.#objects.push(object);
    this.#restored += 1n;
    if (this.#objects.length >= OBJECTS_AT_A_TIME || this.#syncing.length >= FILES_AT_A_TIME)
      await this.#flush();
  }

  async #flush(): Promise<void> {
    await Promise.all(this.#syncing.splice(0));
    const objects = this.#objects.splice(0);
    if (objects.length === 0) return;
    await this.#options.target.put(objects);
    if (this.#options.kind === 'increment') return;
    for (const { vnode } of objects)
      if (vnode.type === 'file' && vnode.container !== undefined) this.#loose.delete(vnode.container);
  }
}

const named = { full: 'a full dump', increment: 'an increment' } as const satisfies Record<DumpKind, string>;
