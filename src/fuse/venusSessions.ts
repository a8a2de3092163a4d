import { ROOT, call } from '../ipc/call.ts';
import { getToken } from '../ipc/calls/getToken.ts';
import { VenusError, isErrno } from '../ipc/errors.ts';
import { type PioctlRequest, type PioctlReply, encodeRequest } from '../ipc/framing.ts';
import { HttpFiles } from '../ipc/socket/httpFiles.ts';
import { HttpSession } from '../ipc/socket/httpSession.ts';
import type { Milliseconds } from '../ipc/timeLimit.ts';
import { relayPioctl } from './relay.ts';

/** Whom venus takes those for who hold no token. */
const ANY_USER = -1_000_000;
/** Milliseconds for which it is taken that nobody has logged in or out. */
const TOKEN_AGE = 1000;

export interface VenusPlace {
  readonly socket: string;
  /** The realm whose tokens say who is who. */
  readonly realm: string;
  readonly timeLimit: Milliseconds;
  /** Of this process, for whom venus speaks unless it is told otherwise. */
  readonly ownUid: number;
}

interface KnownUser {
  readonly owner: number;
  /** When he was asked for. */
  readonly at: number;
}

/** Venus, as each local uid speaks to it, and who they are to it. */
export class VenusSessions {
  readonly place: VenusPlace;
  readonly #files = new Map<number, { readonly http: HttpSession; readonly files: HttpFiles }>();
  readonly #users = new Map<number, KnownUser>();

  constructor(place: VenusPlace) {
    this.place = place;
  }

  filesOf(uid: number): HttpFiles {
    const known = this.#files.get(uid);
    if (known) return known.files;
    const { socket, timeLimit } = this.place;
    const http = new HttpSession(socket, { timeLimit, uid: this.#otherUid(uid) });
    const files = new HttpFiles(http);
    this.#files.set(uid, { http, files });
    return files;
  }

  /** Runs one pioctl, as it is. */
  relay(uid: number, frame: Uint8Array, gone?: AbortSignal): Promise<PioctlReply> {
    return relayPioctl(this.place.socket, this.#otherUid(uid), frame, gone);
  }

  /** @throws VenusError */
  async pioctl(uid: number, request: PioctlRequest): Promise<Uint8Array> {
    const { errno, body } = await this.relay(uid, encodeRequest(request));
    if (errno !== 0) throw new VenusError(errno);
    return body;
  }

  /** Looks who somebody is to venus, so that what is his shows as his. */
  async learn(uid: number): Promise<void> {
    const known = this.#users.get(uid);
    const at = Date.now();
    if (known && at - known.at < TOKEN_AGE) return;
    if (known) this.#users.set(uid, { owner: known.owner, at });
    const owner = await this.#userOf(uid).catch(() => known?.owner ?? ANY_USER);
    this.#users.set(uid, { owner, at });
  }

  /** The local user to show for the owner of an object: who is logged in as him, else the number that he has in Coda. */
  uidOf(owner: number): number {
    const signed = owner | 0;
    const { ownUid } = this.place;
    if (this.#users.get(ownUid)?.owner === signed) return ownUid;
    for (const [uid, user] of this.#users) if (user.owner === signed) return uid;
    return owner >>> 0;
  }

  /** The Coda user that a local one stands for. */
  ownerOf(uid: number): number {
    return this.#users.get(uid)?.owner ?? uid;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#files.values()].map(({ http }) => http.close()));
  }

  async #userOf(uid: number): Promise<number> {
    const pioctls = { pioctl: (request: PioctlRequest) => this.pioctl(uid, request) };
    try {
      const { clear } = await call(pioctls, getToken, ROOT, this.place.realm);
      return clear.ends * 1000 > Date.now() ? clear.viceId : ANY_USER;
    } catch (error) {
      if (isErrno(error, 'ENOTCONN')) return ANY_USER;
      throw error;
    }
  }

  #otherUid(uid: number): number | undefined {
    return uid === this.place.ownUid ? undefined : uid;
  }
}
