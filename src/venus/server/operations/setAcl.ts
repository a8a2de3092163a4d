import { MAX_ENTRIES, parseAcl, type AccessEntry } from '../../../acl/accessList.ts';
import { Right } from '../../../acl/rights.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { requireRights } from '../../tree/access.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';
import { type StoredAcl, type StoredRights } from '../../tree/vnodes.ts';
import { fail } from '../../fail.ts';
import { type Change, retouch } from '../../tree/change.ts';

/**
 * Stores a directory's access list, given as text (spec/cfs.md, 7.2).
 * @throws VenusError ENOTDIR, EACCES, EINVAL for malformed text, ENOENT for an unknown name, E2BIG
 */
export function setAcl(
  change: Change,
  request: { readonly fid: Fid; readonly text: string },
  protection: ProtectionDatabase,
): void {
  const directory = change.vnodes.directory(request.fid);
  requireRights(directory, change.identity, Right.Administer);
  retouch(change, { ...directory, acl: internalise(request.text, protection) });
}

function internalise(text: string, protection: ProtectionDatabase): StoredAcl {
  const list = readText(text);
  if (list.positive.length + list.negative.length > MAX_ENTRIES) fail('E2BIG');
  const side = (entries: readonly AccessEntry[]) =>
    entries.map((entry) => byId(entry, protection)).sort((a, b) => a.id - b.id);
  return { positive: side(list.positive), negative: side(list.negative) };
}

function readText(text: string) {
  try {
    return parseAcl(text, 'request');
  } catch {
    return fail('EINVAL');
  }
}

function byId({ name, rights }: AccessEntry, protection: ProtectionDatabase): StoredRights {
  const principal = protection.byName(name);
  return principal
    ? { id: principal.id, rights }
    : fail('ENOENT', `${name} is neither a user nor a group of the realm.`);
}
