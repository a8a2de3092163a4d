/** Volumes as they are watched: what events and reports tell of each, put together. */
import type { VenusEvent } from '../../../ipc/venusEvent.ts';
import type { LogReport } from '../../../ipc/insight.ts';

/** What is known of a volume. What no source has told is absent. */
export interface Volume {
  readonly name: string;
  readonly realm: string;
  /** Where it is mounted, from `/coda`. */
  readonly mount?: string;
  readonly connection: 'reachable' | 'unreachable' | 'resolving' | 'unknown';
  readonly entries?: number;
  readonly bytes?: number;
  /** Seconds that a change waits at least. */
  readonly age?: number;
  readonly conflict: boolean;
  /** The owner of its log has no token. */
  readonly unauth: boolean;
  readonly obstacle?: LogReport['obstacle'];
}

/** The states that are told apart, the worst first (spec/monitoring.md, 3). */
export const volumeWords = [
  'waiting for tokens',
  'conflict',
  'disconnected',
  'resolving',
  'write-disconnected',
  'connected',
  'unknown',
] as const;
export type VolumeWord = (typeof volumeWords)[number];

export function wordOf({ connection, entries = 0, conflict, unauth, age = 0 }: Volume): VolumeWord {
  if (unauth && entries > 0) return 'waiting for tokens';
  if (conflict) return 'conflict';
  if (connection === 'unreachable') return 'disconnected';
  if (connection === 'resolving') return 'resolving';
  if (connection === 'unknown') return 'unknown';
  return age > 0 ? 'write-disconnected' : 'connected';
}

/** Why a log does not go out, where the word does not say. */
export function noteOf({ obstacle, entries = 0 }: Volume): string {
  if (entries === 0) return '';
  switch (obstacle) {
    case 'quota':
      return 'the quota is used up';
    case 'server full':
      return 'the disk of a server is full';
    case 'fault':
      return 'the servers failed, it is tried again';
    case undefined:
    case 'sending':
    case 'unreachable':
    case 'no token':
    case 'conflict':
    case 'age':
      return '';
  }
}

export function keyOf({ name, realm }: Pick<Volume, 'name' | 'realm'>): string {
  return `${name}@${realm}`;
}

/** What a state event tells, upon what was known: it has neither the bytes nor the age. */
export function afterState(
  before: Volume | undefined,
  { volume: name, realm, state, entries, flags }: Extract<VenusEvent, { kind: 'volumeState' }>,
): Volume {
  const known = before === undefined ? {} : lasting(before);
  return {
    ...known,
    name,
    realm,
    connection: state === 'deleted' ? 'unknown' : state,
    entries,
    ...(entries === 0 ? { bytes: 0 } : {}),
    conflict: flags.includes('conflict'),
    unauth: flags.includes('unauth'),
  };
}

/** What an event cannot take back. That there were no bytes says nothing of a log that has something in it now. */
function lasting({ mount, entries, bytes, age, obstacle }: Volume) {
  return {
    ...(mount === undefined ? {} : { mount }),
    ...(bytes === undefined || entries === 0 ? {} : { bytes }),
    ...(age === undefined ? {} : { age }),
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}
