/** Byte arrays for tests, made without the code under test. They are no Buffers, which compare as other things. */
export function bytesOfHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

/** One byte per character, as in `'\x00abc'`. */
export function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A copy that is no Buffer. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
