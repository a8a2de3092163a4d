import { type RefusalCode, RefusedError } from '../../../ipc/errors.ts';
import { textLength } from '../../../ipc/text.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import { ADMINISTRATORS, ANY_USER, type Identity } from '../../tree/identity.ts';
import type { StoredPassword } from './password.ts';

/** A user or a group of the realm. Users have positive ids, groups negative ones, as in Coda. */
export type Principal = UserRecord | GroupRecord;

export interface UserRecord {
  readonly kind: 'user';
  readonly id: number;
  readonly name: string;
  /** Who has none cannot log in. */
  readonly password?: StoredPassword;
}

/** A password, in the forms in which the ways to log in need it. */
export interface Secrets {
  readonly password: StoredPassword;
  /** What auth2 needs of it, where auth2 is on. */
  readonly auth2Key?: Uint8Array | undefined;
}

export interface GroupRecord {
  readonly kind: 'group';
  readonly id: number;
  readonly name: string;
  /** Ids of users and of other groups. */
  readonly members: readonly number[];
}

/** First ids given to users and to groups of the realm's own. Groups end before 0. */
const FIRST = { user: 500, group: ADMINISTRATORS.id + 1 } as const;
const MAX_NAME = 100;

/**
 * Who is who in a realm. Kept once for the realm; every server reads it. Names are compared exactly, but no two
 * may differ in case alone, since tools compare them so.
 */
export class ProtectionDatabase {
  readonly #database: Database;
  readonly #principals: Table<Principal>;
  /**
   * The next ids to give: an id that access lists may still hold is never given again. Beside them, how many times users
   * and groups have changed.
   */
  readonly #next: Table<number>;
  /** By user: whoever has one can log in over auth2, and can find the password by trying. */
  readonly #auth2Keys: Table<Uint8Array>;
  readonly #identities = new Map<number, Identity>();
  /** Of the principals that the identities were made from. */
  #generation = 0;

  static async open(database: Database): Promise<ProtectionDatabase> {
    const protection = new ProtectionDatabase(database);
    const missing = [ANY_USER, ADMINISTRATORS].filter(({ id }) => !protection.byId(id));
    if (missing.length === 0) return protection;
    await protection.#change((writer) => {
      for (const group of missing) protection.#put(writer, { kind: 'group', ...group, members: [] });
    });
    return protection;
  }

  private constructor(database: Database) {
    this.#database = database;
    this.#principals = database.table('principals');
    this.#next = database.table('nextPrincipal');
    this.#auth2Keys = database.table('auth2Keys');
  }

  byId(id: number): Principal | undefined {
    return this.#principals.get(principalKey(id));
  }

  byName(name: string): Principal | undefined {
    for (const principal of this.all()) if (principal.name === name) return principal;
    return undefined;
  }

  /** Whether an id was somebody's, and will never be anybody's again. */
  isRetired(id: number): boolean {
    const kind = id > 0 ? 'user' : 'group';
    const wasGiven = id >= FIRST[kind] && id < (this.#next.get(key(kind)) ?? FIRST[kind]);
    return wasGiven && !this.byId(id);
  }

  /** In the order of their ids: groups first. */
  *all(): Generator<Principal> {
    for (const { value } of this.#principals.all()) yield value;
  }

  /** The name to show for an id; its decimal number if nobody has it any more. */
  nameOf(id: number): string {
    return this.byId(id)?.name ?? String(id);
  }

  identityOf(viceId: number): Identity {
    this.#noticeChanges();
    const known = this.#identities.get(viceId);
    if (known) return known;
    const identity = this.#resolve(viceId);
    this.#identities.set(viceId, identity);
    return identity;
  }

  /** @throws RefusedError name-taken, bad-name */
  addUser(name: string, secrets: Secrets, administrator: boolean): Promise<UserRecord> {
    checkName(name);
    return this.#change((writer) => {
      this.#checkFree(name);
      const { password, auth2Key } = secrets;
      const user: UserRecord = { kind: 'user', id: this.#newId(writer, 'user'), name, password };
      this.#put(writer, user);
      this.#putAuth2Key(writer, user.id, auth2Key);
      if (administrator) this.#addMembers(writer, this.#group(ADMINISTRATORS.name), [user.id]);
      return user;
    });
  }

  /** @throws RefusedError unknown-user */
  setPassword(name: string, { password, auth2Key }: Secrets): Promise<void> {
    return this.#change((writer) => {
      const user = this.user(name);
      this.#put(writer, { ...user, password });
      this.#putAuth2Key(writer, user.id, auth2Key);
    });
  }

  /** Then he cannot log in until he is given another one. @throws RefusedError unknown-user */
  removePassword(name: string): Promise<void> {
    return this.#change((writer) => {
      const { kind, id } = this.user(name);
      this.#put(writer, { kind, id, name });
      this.#putAuth2Key(writer, id, undefined);
    });
  }

  /** What auth2 knows of a user's password; undefined if it was set while auth2 was off. */
  auth2KeyOf(id: number): Uint8Array | undefined {
    return this.#auth2Keys.get(principalKey(id));
  }

  /**
   * Lets auth2 know a password that has just been proved right.
   * @param password the one that was proved: another one that was set meanwhile is left alone
   */
  rememberAuth2Key(name: string, password: StoredPassword, auth2Key: Uint8Array): Promise<void> {
    return this.#database.transaction((writer) => {
      const user = this.user(name);
      const isSame = Buffer.from(user.password?.hash ?? []).equals(password.hash);
      if (isSame) this.#putAuth2Key(writer, user.id, auth2Key);
    });
  }

  /** @throws RefusedError unknown-user */
  removeUser(name: string): Promise<void> {
    return this.#change((writer) => this.#removePrincipal(writer, this.user(name)));
  }

  /** Makes a group, or adds members to one. @throws RefusedError name-taken, bad-name, unknown-name, protected */
  addGroup(name: string, members: readonly string[]): Promise<void> {
    checkName(name);
    return this.#change((writer) => {
      const present = this.byName(name);
      if (present?.kind === 'user') throw refused('name-taken', `${name} is a user`);
      if (present?.id === ANY_USER.id) throw refused('protected', `${name} has everybody in it`);
      if (!present) this.#checkFree(name);
      const ids = members.map((member) => this.#named(member).id);
      const group = present ?? { kind: 'group', id: this.#newId(writer, 'group'), name, members: [] };
      this.#addMembers(writer, group, ids);
    });
  }

  /** Takes members out of a group, or removes the group if none are named. @throws RefusedError unknown-name, protected */
  removeGroup(name: string, members: readonly string[]): Promise<void> {
    return this.#change((writer) => {
      const group = this.#group(name);
      if (members.length > 0) {
        const gone = new Set(members.map((member) => this.#named(member).id));
        const absent = members.find((member) => !group.members.includes(this.#named(member).id));
        if (absent !== undefined) throw refused('unknown-name', `${absent} is not a member of ${name}`);
        this.#put(writer, { ...group, members: group.members.filter((id) => !gone.has(id)) });
      } else if (group.id === ANY_USER.id || group.id === ADMINISTRATORS.id) {
        throw refused('protected', `${name} belongs to every realm`);
      } else {
        this.#removePrincipal(writer, group);
      }
    });
  }

  /** @throws RefusedError unknown-user */
  user(name: string): UserRecord {
    const found = this.byName(name);
    if (found?.kind !== 'user') throw refused('unknown-user', `no user ${name}`);
    return found;
  }

  /** The groups something is a member of, directly. */
  groupsOf(id: number): readonly GroupRecord[] {
    return [...this.all()]
      .filter((principal) => principal.kind === 'group')
      .filter(({ members }) => members.includes(id));
  }

  #change<Result>(change: (writer: Writer) => Result): Promise<Result> {
    return this.#database.transaction((writer) => {
      const result = change(writer);
      writer.put(this.#next, key('generation'), this.#storedGeneration() + 1);
      return result;
    });
  }

  /** Another process may have changed users and groups: it is seen here as soon as it is done. */
  #noticeChanges(): void {
    const generation = this.#storedGeneration();
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#identities.clear();
  }

  #storedGeneration(): number {
    return this.#next.get(key('generation')) ?? 0;
  }

  #resolve(viceId: number): Identity {
    const counts = new Set([viceId, ANY_USER.id]);
    const waiting = [viceId, ANY_USER.id];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      for (const group of this.groupsOf(id)) {
        if (!counts.has(group.id)) waiting.push(group.id);
        counts.add(group.id);
      }
    }
    return { viceId, counts, administrator: counts.has(ADMINISTRATORS.id) };
  }

  #put(writer: Writer, principal: Principal): void {
    writer.put(this.#principals, principalKey(principal.id), principal);
  }

  /** A key that is not known is none: the one before belongs to a password that is no more. */
  #putAuth2Key(writer: Writer, id: number, auth2Key: Uint8Array | undefined): void {
    if (auth2Key) writer.put(this.#auth2Keys, principalKey(id), auth2Key);
    else writer.remove(this.#auth2Keys, principalKey(id));
  }

  #addMembers(writer: Writer, group: GroupRecord, ids: readonly number[]): void {
    this.#put(writer, { ...group, members: [...new Set([...group.members, ...ids])] });
  }

  #newId(writer: Writer, kind: Principal['kind']): number {
    const id = this.#next.get(key(kind)) ?? FIRST[kind];
    writer.put(this.#next, key(kind), id + 1);
    return id;
  }

  /** Access lists keep the id, and show it as a number from then on. */
  #removePrincipal(writer: Writer, gone: Principal): void {
    for (const group of this.groupsOf(gone.id)) {
      this.#put(writer, { ...group, members: group.members.filter((id) => id !== gone.id) });
    }
    writer.remove(this.#principals, principalKey(gone.id));
    this.#putAuth2Key(writer, gone.id, undefined);
  }

  #group(name: string): GroupRecord {
    const found = this.byName(name);
    if (found?.kind !== 'group') throw refused('unknown-name', `no group ${name}`);
    return found;
  }

  #named(name: string): Principal {
    const found = this.byName(name);
    if (!found) throw refused('unknown-name', `no user or group ${name}`);
    return found;
  }

  #checkFree(name: string): void {
    const lower = name.toLowerCase();
    for (const other of this.all()) {
      if (other.name.toLowerCase() === lower) throw refused('name-taken', `there is already ${other.name}`);
    }
  }
}

function checkName(name: string): void {
  const length = textLength(name);
  const readable = !/[\s\p{Cc}\p{Cs}@/]/u.test(name) && !/^-?\d+$/.test(name);
  if (readable && length > 0 && length <= MAX_NAME) return;
  throw new RefusedError('bad-name', `${JSON.stringify(name)} cannot be a name`, {
    why: `Names have 1 to ${MAX_NAME} bytes, no white space, no control characters, no @ and no slash, and are not numbers.`,
  });
}

function refused(code: RefusalCode, message: string): RefusedError {
  return new RefusedError(code, message);
}

/** Negative ids sort before positive ones. */
function principalKey(id: number): Key {
  return key(id + 2 ** 31);
}
