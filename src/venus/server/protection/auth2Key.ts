/**
 * What auth2 needs of a password (spec/rpc2.md, 5). Client and server of auth2 both make keys of the password, so the server
 * needs the password or something as good. It keeps the latter: keys that the password cannot be read from, but that are
 * enough to log in over auth2, and with which eight bytes can be found by trying.
 */
import { keyOfSecret, passwordSecret } from '../../../ipc/rpc2/keyDerivation.ts';
import { BLOCK, type XcbcKeys, wipeXcbc } from '../../../ipc/rpc2/xcbc.ts';
import { concatBytes } from '../../../ipc/text.ts';

/** In the form in which it is stored: 48 bytes. */
export function auth2KeyOf(password: string | Uint8Array): Uint8Array {
  const secret = passwordSecret(password);
  const keys = keyOfSecret(secret);
  const stored = concatBytes([keys.cipher, keys.full, keys.partial]);
  wipeXcbc(keys);
  secret.fill(0);
  return stored;
}

/** A copy, which may be wiped. */
export function xcbcKeysOf(stored: Uint8Array): XcbcKeys {
  return {
    cipher: Uint8Array.from(stored.subarray(0, BLOCK)),
    full: Uint8Array.from(stored.subarray(BLOCK, 2 * BLOCK)),
    partial: Uint8Array.from(stored.subarray(2 * BLOCK)),
  };
}
