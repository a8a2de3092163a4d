import { CodaError } from '../ipc/errors.ts';

/** Why a stretch of a dump cannot be used. */
export type DamageKind =
  /** Nothing in it is a part of a volume dump. */
  | 'not-a-dump'
  /** It ends before its end. */
  | 'cut'
  /** Bytes are not those that were written. */
  | 'changed'
  /** Parts are missing, doubled or in another order. */
  | 'misplaced'
  /** Its checksum is right, but what it says makes no sense. */
  | 'malformed';

/** A stretch of a dump that cannot be used. */
export interface Damage {
  readonly kind: DamageKind;
  /** Where it begins, in bytes from the start of the stream that was read. */
  readonly offset: bigint;
  /** Bytes. */
  readonly length: bigint;
  readonly what: string;
}

/** A dump is damaged, and so nothing was made of it. */
export class DumpDamagedError extends CodaError {
  readonly code = 'dump-damaged';
  readonly damage: Damage;

  constructor(damage: Damage) {
    super(`damaged at byte ${damage.offset}: ${damage.what}`, adviceFor(damage.kind));
    this.damage = damage;
  }
}

function adviceFor(kind: DamageKind) {
  if (kind === 'not-a-dump') {
    return {
      why: 'Nothing in it is a part of a volume dump.',
      next: 'If it is compressed, unpack it on the way: gunzip -c FILE | coda realm volume restore -',
    };
  }
  return {
    why: 'It is not what coda realm volume dump wrote.',
    next: 'coda realm dump verify says what is whole; coda realm volume restore --partial restores that.',
  };
}
