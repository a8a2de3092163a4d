import type { Nothing } from './link.ts';

/** What a file server asks the other servers of its realm. */
export interface PeerProtocol {
  /** Answers as long as the server runs. */
  readonly probe: { request: Nothing; reply: Nothing };
}
