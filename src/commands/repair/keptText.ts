/** What became of a server/server conflict, in words and for JSON. */
import { printable } from '../../term/printable.ts';
import { describeStatus } from '../../repair/replicas/replicaTexts.ts';
import type { Decided } from '../../repair/replicas/keepDecisions.ts';
import { fidKey } from '../../repair/replicas/replica.ts';
import { formatRights } from '../../acl/rights.ts';
import type { SettledObject } from './settleReplicas.ts';

export function keptText(settled: SettledObject, now: number): string {
  const { path, kept, author, beside } = settled;
  const shown = printable(path);
  const silent = kept.silent.map(({ server }) => printable(server)).join(', ');
  const rest =
    silent === '' ? '' : `${shown}: ${silent} did not answer, and may bring it into conflict again\n`;
  if (kept.kind === 'file') {
    const { replica, status } = kept.kept;
    const written = { ...status, ownerName: author ?? status.ownerName };
    const what = `that of ${printable(replica.server)}, ${describeStatus(written, now)}`;
    if (kept.others.length === 0) return `same contents everywhere: ${shown}\n${rest}`;
    const also = beside.map((name) => `, and beside it ${printable(name)}`).join('');
    return `kept ${shown}: ${what}${also}\n${rest}`;
  }
  const lines = kept.decided.map((each) => `${shown}: ${decisionText(each)}\n`);
  return `${lines.length === 0 ? `${shown}: the servers have the same again\n` : lines.join('')}${rest}`;
}

function decisionText({ difference, decision }: Decided): string {
  const name = 'name' in difference ? printable(difference.name) : '';
  switch (decision.kind) {
    case 'name/name': {
      const { removed, moved } = decision;
      const others = [...new Set(moved.values())].map((other) => ` and ${printable(other)}`).join('');
      if (moved.size > 0) return `kept both, as ${name}${others}`;
      const kept = serversKeeping(difference, removed);
      return kept === '' ? `removed ${name}` : `kept ${name} as ${kept} had it`;
    }
    case 'missing':
      return decision.choice === 'create'
        ? `made ${name} again where it was missing`
        : `${decision.choice === 'remove' ? 'removed' : 'left'} ${name}`;
    case 'renamed': {
      if (decision.to === 'leave') return 'left what was renamed where it is';
      return decision.to === 'remove'
        ? 'removed what was renamed'
        : `kept what was renamed as ${printable(decision.to.name)}`;
    }
    case 'rights':
      return `rights of ${difference.kind === 'rights' ? printable(difference.user) : '?'} are ${formatRights(decision.rights) || 'none'}`;
    case 'mode':
      return `mode is ${decision.mode.toString(8)}`;
    case 'owner':
      return `owner is ${decision.owner}`;
  }
}

function serversKeeping(difference: Decided['difference'], removed: ReadonlySet<string>): string {
  if (difference.kind !== 'name/name') return '';
  const servers = difference.holders.map(({ replica }) => replica.server);
  return servers
    .filter((server) => !removed.has(server))
    .map(printable)
    .join(' and ');
}

export function keptJson({ path, kept, beside, replaced }: SettledObject): object {
  const common = {
    path,
    kind: 'server/server',
    type: kept.kind,
    silent: kept.silent.map(({ server }) => server),
    ...(replaced === undefined ? {} : { replaced }),
  };
  if (kept.kind === 'file')
    return {
      ...common,
      kept: kept.kept.replica.server,
      isIdentical: kept.others.length === 0,
      beside,
    };
  return { ...common, decisions: kept.decided.map(decisionJson) };
}

function decisionJson({ difference, decision }: Decided): object {
  const common = { difference: difference.kind, ...('name' in difference ? { name: difference.name } : {}) };
  switch (decision.kind) {
    case 'name/name': {
      const { removed, moved } = decision;
      return { ...common, removedAt: [...removed], renamed: namesOf(difference, moved) };
    }
    case 'missing':
      return { ...common, choice: decision.choice };
    case 'renamed':
      return typeof decision.to === 'string'
        ? { ...common, choice: decision.to }
        : { ...common, choice: 'keep', name: decision.to.name };
    case 'rights': {
      const user = difference.kind === 'rights' ? { user: difference.user, side: difference.side } : {};
      return { ...common, ...user, rights: formatRights(decision.rights) };
    }
    case 'mode':
      return { ...common, mode: decision.mode.toString(8).padStart(4, '0') };
    case 'owner':
      return { ...common, owner: decision.owner };
  }
}

/** The new names, by the servers that had the object by the old one. */
function namesOf(difference: Decided['difference'], moved: ReadonlyMap<string, string>): readonly object[] {
  if (difference.kind !== 'name/name') return [];
  return difference.holders.flatMap(({ replica, status }) => {
    const name = moved.get(fidKey(status.fid));
    return name === undefined ? [] : [{ server: replica.server, name }];
  });
}
