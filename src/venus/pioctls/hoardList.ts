import { hoardList } from '../../ipc/calls/hoardList.ts';
import { listLines } from '../client/hoard/hoardLines.ts';
import { writeOutFile } from '../client/hoard/outFile.ts';
import { handler } from './handler.ts';

export const hoardListHandler = handler(hoardList, async ({ session }, _path, { outFile, uid }) => {
  const { client } = session;
  const owner = client.hoard.entries.ownerToShow(session.uid, uid);
  await writeOutFile(outFile, listLines(client, owner));
});
