import type { Fid } from '../../ipc/fid.ts';
import type { Nothing } from './link.ts';

/** What a file server tells a client on its own account. */
export interface CallbackProtocol {
  /** What the client keeps of these objects is not the newest any more. */
  readonly breakCallbacks: { request: { readonly fids: readonly Fid[] }; reply: Nothing };
  /** Nothing that the server promised this client about any object holds any more. */
  readonly breakAll: { request: Nothing; reply: Nothing };
}
