import { lookaside } from '../../ipc/calls/lookaside.ts';
import { runLookaside } from '../client/lookaside/command.ts';
import { handler } from './handler.ts';

export const lookasideHandler = handler(lookaside, ({ session }, _path, text) =>
  runLookaside(session.client.lookaside, text),
);
