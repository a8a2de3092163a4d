import { createConnection } from 'node:net';
import { ROOT, encodeCall } from '../ipc/call.ts';
import { speakForUser } from '../ipc/calls/speakForUser.ts';
import {
  MAX_OUTPUT,
  type DecodedReply,
  type PioctlReply,
  decodeReply,
  encodeRequest,
} from '../ipc/framing.ts';
import { unavailable } from '../ipc/socket/pioctlConnection.ts';
import { concatBytes } from '../ipc/text.ts';

/**
 * Sends one pioctl to the socket of a venus, as it is, and resolves with the reply, as it is.
 * @param uid the local uid to speak for, if not that of this process
 * @param frame header, path and input
 * @param gone ends the wait: venus completes a change that has begun and drops one that still waits
 * @throws VenusUnavailableError; ProtocolError
 */
export async function relayPioctl(
  socketPath: string,
  uid: number | undefined,
  frame: Uint8Array,
  gone?: AbortSignal,
): Promise<PioctlReply> {
  const socket = createConnection({ path: socketPath });
  const abandon = () => socket.destroy();
  gone?.addEventListener('abort', abandon);
  try {
    if (uid !== undefined) socket.write(encodeRequest(encodeCall(speakForUser, ROOT, uid)));
    socket.write(frame);
    let received: Uint8Array = new Uint8Array(0);
    // The answer to the first request only says that venus speaks for the uid from here on.
    let skipped = uid === undefined;
    for await (const part of socket) {
      if (part instanceof Uint8Array) received = concatBytes([received, part]);
      let decoded: DecodedReply | undefined;
      while ((decoded = decodeReply(received, MAX_OUTPUT))) {
        if (skipped) return decoded.reply;
        skipped = true;
        received = received.subarray(decoded.length);
      }
    }
    throw unavailable(socketPath, 'ECLOSED', new Error('it was closed'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error)
      throw unavailable(socketPath, String(error.code), error);
    throw error;
  } finally {
    gone?.removeEventListener('abort', abandon);
    socket.destroy();
  }
}
