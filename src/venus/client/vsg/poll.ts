import { isErrno } from '../../../ipc/errors.ts';
import type { FileProtocol } from '../../net/fileProtocol.ts';
import { asFailure, noAnswer } from '../../net/failure.ts';
import type { WatchedServer } from '../reachability.ts';

/** A server of a volume's storage group. */
export interface GroupMember {
  /** Its place in the version vectors. */
  readonly site: number;
  readonly server: WatchedServer;
}

export interface Answered<Reply> {
  readonly member: GroupMember;
  readonly reply: Reply;
}

/** What became of one question to several servers. Those that did not answer are left out. */
export interface Poll<Reply> {
  readonly answers: readonly Answered<Reply>[];
  readonly failures: readonly { readonly member: GroupMember; readonly error: Error }[];
}

type Name = keyof FileProtocol;

/** Asks several servers at once. */
export async function poll<N extends Name>(
  members: readonly GroupMember[],
  name: N,
  requestTo: (member: GroupMember) => FileProtocol[N]['request'],
): Promise<Poll<FileProtocol[N]['reply']>> {
  const answers: Answered<FileProtocol[N]['reply']>[] = [];
  const failures: { readonly member: GroupMember; readonly error: Error }[] = [];
  await Promise.all(
    members.map(async (member) => {
      try {
        answers.push({ member, reply: await member.server.call(name, requestTo(member)) });
      } catch (error) {
        if (!isAway(error)) failures.push({ member, error: asFailure(error) });
      }
    }),
  );
  answers.sort((one, other) => one.member.site - other.member.site);
  return { answers, failures };
}

/** Asks one after the other, until one answers. @throws VenusError ETIMEDOUT if none does, and what that one refuses */
export async function askAny<N extends Name>(
  members: readonly GroupMember[],
  name: N,
  request: FileProtocol[N]['request'],
): Promise<Answered<FileProtocol[N]['reply']>> {
  for (const member of members) {
    try {
      return { member, reply: await member.server.call(name, request) };
    } catch (error) {
      if (!isAway(error)) throw error;
    }
  }
  throw noAnswer();
}

/** As {@link askAny}, but one whose disk has lost what is asked for is passed over. @throws VenusError EIO if all have lost it */
export async function askWhole<N extends Name>(
  members: readonly GroupMember[],
  name: N,
  request: FileProtocol[N]['request'],
): Promise<Answered<FileProtocol[N]['reply']>> {
  let damaged: Error | undefined;
  for (const member of members) {
    try {
      return await askAny([member], name, request);
    } catch (error) {
      if (isErrno(error, 'EIO')) damaged ??= error;
      else if (!isAway(error)) throw error;
    }
  }
  throw damaged ?? noAnswer();
}

/** Whether a server cannot be reached, or has lost the volume and not got it back yet. */
export function isAway(error: unknown): boolean {
  return isErrno(error, 'ETIMEDOUT', 'ENXIO');
}
