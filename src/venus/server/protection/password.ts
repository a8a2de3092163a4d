import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { encodeText } from '../../../ipc/text.ts';

/** A password as it is kept: never itself, and costly to guess. */
export interface StoredPassword {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
  /** Parameters of scrypt (RFC 7914), kept so that later versions may raise them. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  /** Bytes of it that count, where it was set by a protocol that carries no more; all if it is not given. */
  readonly significant?: number;
}

const [SALT_SIZE, HASH_SIZE] = [16, 32];
const present = { cost: 2 ** 14, blockSize: 8, parallelization: 1 } as const;

/** @param significant bytes of it that are to count, if not all */
export async function storePassword(
  password: string | Uint8Array,
  significant?: number,
): Promise<StoredPassword> {
  const salt = randomBytes(SALT_SIZE);
  const parameters = { ...present, ...(significant === undefined ? {} : { significant }) };
  return { salt, hash: await derive(password, salt, parameters), ...parameters };
}

export async function verifyPassword(password: string, stored: StoredPassword): Promise<boolean> {
  return timingSafeEqual(await derive(password, stored.salt, stored), stored.hash);
}

function derive(
  password: string | Uint8Array,
  salt: Uint8Array,
  parameters: Omit<StoredPassword, 'salt' | 'hash'>,
): Promise<Buffer> {
  const { cost, blockSize, parallelization, significant } = parameters;
  const bytes = typeof password === 'string' ? encodeText(password) : password;
  const options: ScryptOptions = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(bytes.subarray(0, significant), salt, HASH_SIZE, options, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });
}
