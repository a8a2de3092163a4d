/** What the administration of a realm asks a file server to save and bring back volumes. coda-dump(5) has the stream. */
import type { Damage } from '../../dump/errors.ts';
import type { DumpCounters, DumpKind } from '../../dump/record.ts';
import type { VolumeMember } from '../tree/volumeRecord.ts';
import type { Nothing } from './link.ts';

export interface DumpProtocol {
  /** Begins a dump of the volume as it is now. The names of realm and server go into its header. */
  readonly openDump: {
    request: {
      readonly volume: number;
      readonly realm: string;
      readonly server: string;
      /** Whether a dump to build upon will be sent. */
      readonly hasBase: boolean;
    };
    reply: { readonly handle: number };
  };
  /** The next part of that dump, from its start to the end of its index; all of it before the first {@link readDump}. */
  readonly sendDumpBase: { request: { readonly handle: number; readonly bytes: Uint8Array }; reply: Nothing };
  /** The next part of the stream. */
  readonly readDump: {
    request: { readonly handle: number };
    reply: { readonly bytes: Uint8Array; readonly isEnd: boolean };
  };
  readonly closeDump: { request: { readonly handle: number }; reply: Nothing };

  /** Begins a restore: of a full dump into a volume that is not there yet, of an increment onto one that is. */
  readonly openRestore: { request: RestoreRequest; reply: { readonly handle: number } };
  /** The next part of the stream. */
  readonly writeRestore: { request: { readonly handle: number; readonly bytes: Uint8Array }; reply: Nothing };
  /** All of the stream has come. Until it is settled, a new volume goes away when the server ends. */
  readonly finishRestore: { request: { readonly handle: number }; reply: RestoreReport };
  /** Undoes what the restore has done. Nothing is to be done for one that is settled, or was given up. */
  readonly abandonRestore: { request: { readonly handle: number }; reply: Nothing };
  /** The volume is in the list of the realm. @throws VenusError ENXIO if it is not there */
  readonly settleRestore: { request: { readonly volume: number }; reply: Nothing };
}

export type RestoreRequest = {
  readonly volume: number;
  readonly name: string;
} & (
  | {
      readonly kind: 'full';
      readonly replica: number;
      /** All servers of the volume; this one is the first, and the others get it from this one. */
      readonly members: readonly VolumeMember[];
      /** Whether what is whole of a damaged dump is wanted. */
      readonly isPartial: boolean;
    }
  | { readonly kind: 'increment' }
);

/** Somebody whom the dump knows and this realm does not. */
export interface UnknownPrincipal {
  readonly id: number;
  /** None if the realm of the dump did not know him either. */
  readonly name: string | undefined;
  /** Whether his number stays in owners and access lists: only where nobody here can ever get it. */
  readonly isKept: boolean;
}

/** What became of a restore. Lists are cut where they are long; the counts are not. */
export interface RestoreReport {
  readonly kind: DumpKind;
  readonly counters: DumpCounters;
  readonly objects: bigint;
  readonly unknown: readonly UnknownPrincipal[];
  readonly damages: readonly Damage[];
  readonly damageCount: number;
  /** Objects of the snapshot that could not be restored; unknown if the index is damaged. */
  readonly lostObjects: bigint | undefined;
  /** Names of files that were left out, since their contents are not whole. */
  readonly lostFiles: readonly string[];
  /** Directories made in place of lost ones, by their names in the root. */
  readonly standIns: readonly string[];
}
