/** Where something that takes many messages can end: before one of them comes, or before its answer does. */
import type { Fate, Message, ReplicatedRealm } from '../../support/replicatedRealm.ts';

export interface Fault {
  readonly what: string;
  readonly fateOf: (message: Message, number: number) => Fate;
}

/** Of each kind of message to each server the first and the last one, by their numbers. */
export function points(
  messages: readonly Message[],
  isMeant: (message: Message) => boolean = () => true,
): readonly number[] {
  const found = new Set<number>();
  const kindOf = ({ to, name }: Message) => `${to} ${name}`;
  const kinds = messages.map(kindOf);
  for (const [number, message] of messages.entries())
    if (isMeant(message)) {
      const kind = kindOf(message);
      if (kinds.indexOf(kind) === number || kinds.lastIndexOf(kind) === number) found.add(number);
    }
  return [...found].sort((one, other) => one - other);
}

/** Who is dead is not heard, and hears nothing. */
const isOf = ({ from, to }: Message, node: string): boolean => from === node || to === node;

/** What may end at a message: the server that it goes to, before or after it has done what is asked, and who asks. */
export function faultsAt(messages: readonly Message[], point: number): readonly Fault[] {
  const { from = '', to = '', name = '' } = messages[point] ?? {};
  const isBefore = (number: number) => number < point;
  const answered = (node: string) => (message: Message, number: number) => {
    if (number === point) return 'lose answer';
    return isBefore(number) || !isOf(message, node) ? 'pass' : 'lose request';
  };
  return [
    {
      what: `${to} dies before ${name} (message ${point})`,
      fateOf: (message, number) => (isBefore(number) || !isOf(message, to) ? 'pass' : 'lose request'),
    },
    { what: `${to} dies after ${name} (message ${point})`, fateOf: answered(to) },
    { what: `${from} dies after ${name} to ${to} (message ${point})`, fateOf: answered(from) },
  ];
}

/** Does something whose messages have the fate that is said, by their number. @returns all of them */
export async function underFault(
  realm: ReplicatedRealm,
  fateOf: Fault['fateOf'],
  work: () => Promise<void>,
): Promise<readonly Message[]> {
  const messages: Message[] = [];
  realm.fateOf = (message) => {
    messages.push(message);
    return fateOf(message, messages.length - 1);
  };
  try {
    await work();
  } finally {
    realm.fateOf = () => 'pass';
  }
  return messages;
}

/** All servers end and begin again, and everybody reaches everybody. */
export async function restartServers(realm: ReplicatedRealm): Promise<void> {
  for (const { name } of realm.servers) {
    await realm.stop(name);
    await realm.start(name);
  }
  await realm.heal();
}
