import type { Service } from '../net/link.ts';
import type { PeerProtocol } from '../net/peerProtocol.ts';

/** What a file server does for the other servers of its realm. */
export function peerService(): Service<PeerProtocol> {
  return { probe: () => Promise.resolve(null) };
}
