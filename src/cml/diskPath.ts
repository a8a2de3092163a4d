import { encodeText } from '../ipc/text.ts';

/** A path for Node's file calls, which keeps the bytes that are no UTF-8 (src/ipc/text.ts). */
export function diskPath(path: string): Buffer {
  return Buffer.from(encodeText(path));
}
