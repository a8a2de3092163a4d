import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** A password as it is kept: never itself, and costly to guess. */
export interface StoredPassword {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
  /** Parameters of scrypt (RFC 7914), kept so that later versions may raise them. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

const [SALT_SIZE, HASH_SIZE] = [16, 32];
const present = { cost: 2 ** 14, blockSize: 8, parallelization: 1 } as const;

export async function storePassword(password: string): Promise<StoredPassword> {
  const salt = randomBytes(SALT_SIZE);
  return { salt, hash: await derive(password, salt, present), ...present };
}

export async function verifyPassword(password: string, stored: StoredPassword): Promise<boolean> {
  return timingSafeEqual(await derive(password, stored.salt, stored), stored.hash);
}

function derive(
  password: string,
  salt: Uint8Array,
  parameters: Omit<StoredPassword, 'salt' | 'hash'>,
): Promise<Buffer> {
  const { cost, blockSize, parallelization } = parameters;
  const options: ScryptOptions = { cost, blockSize, parallelization, maxmem: 256 * cost * blockSize };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_SIZE, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
