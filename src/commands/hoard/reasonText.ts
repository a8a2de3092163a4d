import type { HoardReason, HoardedObject } from '../../ipc/hoard.ts';

const sentences: Readonly<Record<HoardReason, string>> = {
  'not walked': 'no walk has looked for it yet',
  'not fetched': 'it has not been fetched yet',
  changed: 'the servers have a newer version',
  unconfirmed: 'whether it is still the newest has not been asked',
  'no room': 'there is no room for it in the cache',
  'too large': 'it is larger than what is ever hoarded',
  'no rights': 'the rights of the user who hoards it do not suffice',
  unreachable: 'no server that has it answers',
  'no such name': 'there is nothing of that name',
  'not a directory': 'something on the way to it is no directory',
  'bad link': 'a link on the way leads nowhere',
  conflict: 'it is in conflict',
  'local failure': 'this machine failed to read or write it',
};

/** What to do about it, where there is something. */
const remedies: Partial<Record<HoardReason, string>> = {
  'not walked': 'hoard walk',
  'not fetched': 'hoard walk',
  changed: 'hoard walk',
  unconfirmed: 'hoard walk',
  'no room': 'hoard plan, or a larger cache: coda up --cache-size SIZE',
  'no rights': 'ctokens',
  unreachable: 'cfs checkservers',
  conflict: 'coda conflicts',
};

/** Why something is stale or missing, without a full stop. What venus does not know is said so. */
export function reasonText({ reason, why }: Pick<HoardedObject, 'reason' | 'why'>): string {
  const sentence = reason === undefined ? 'venus does not say why' : sentences[reason];
  return why === undefined ? sentence : `${sentence} (${why.replace(/\.$/, '')})`;
}

export function remedyFor(reason: HoardReason | undefined): string | undefined {
  return reason === undefined ? undefined : remedies[reason];
}
