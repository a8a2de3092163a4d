import type { Decision, LocalMutation, Verdict } from '../../../ipc/repairs.ts';

/** What has become of a decision. */
export type Decided =
  | { readonly kind: 'done'; readonly mutation: LocalMutation; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly mutation: LocalMutation; readonly verdict: Verdict }
  | { readonly kind: 'nothing left' };

export type Ended =
  | { readonly kind: 'done'; readonly performed: number; readonly discarded: number }
  | { readonly kind: 'overtaken'; readonly verdict: Verdict; readonly mutation: LocalMutation | undefined };
