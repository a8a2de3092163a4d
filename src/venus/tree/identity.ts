/** Whom somebody counts as, when rights are looked up. */
export interface Identity {
  readonly viceId: number;
  /** His own id, System:AnyUser, and all groups he is in, directly or through groups. */
  readonly counts: ReadonlySet<number>;
  readonly administrator: boolean;
}

/** Everybody, with or without a token. */
export const ANY_USER = { id: -1_000_000, name: 'System:AnyUser' } as const;
export const ADMINISTRATORS = { id: -999_999, name: 'System:Administrators' } as const;
