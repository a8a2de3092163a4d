import type { Remote } from '../../net/link.ts';
import type { PeerProtocol } from '../../net/peerProtocol.ts';

/** A server of a volume, as the one that resolves it reaches it. */
export interface Member {
  readonly site: number;
  readonly server: string;
  readonly remote: Remote<PeerProtocol>;
}
