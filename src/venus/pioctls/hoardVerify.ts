import { hoardVerify } from '../../ipc/calls/hoardVerify.ts';
import { verifyLines } from '../client/hoard/hoardLines.ts';
import { writeOutFile } from '../client/hoard/outFile.ts';
import { handler } from './handler.ts';

export const hoardVerifyHandler = handler(hoardVerify, async ({ session }, _path, request) => {
  const { client } = session;
  const owner = client.hoard.entries.ownerToShow(session.uid, request.uid);
  await writeOutFile(request.outFile, verifyLines(client, owner, request.verbosity));
});
