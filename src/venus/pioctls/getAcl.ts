import { formatAcl } from '../../acl/accessList.ts';
import { Right } from '../../acl/rights.ts';
import { getAcl } from '../../ipc/calls/getAcl.ts';
import { handler } from './handler.ts';

/** What objects answer that are venus's own (spec/cfs.md, 6.1). */
const builtIn = formatAcl(
  { positive: [{ name: 'System:AnyUser', rights: Right.Read | Right.Lookup }], negative: [] },
  'reply',
);

export const getAclHandler = handler(getAcl, async (_context, path) => {
  const place = await path.place();
  return place.kind !== 'object' ? builtIn : place.session.getAcl(place.status.fid);
});
