import { ROOT, call } from '../../ipc/call.ts';
import { reconnect as reconnectCall } from '../../ipc/calls/reconnect.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';
import { refuseServerNames } from '../refuseServerNames.ts';

export const reconnect: Command = {
  usage: 'cfs reconnect <servernames>',
  summary: 'end a disconnection: let this venus reach its servers again',
  description: [
    'Name no server: it counts for all of them. Changes that wait in modify logs are sent from then on; ' +
      'cfs listvol tells how many are left.',
  ],
  examples: ['cfs reconnect'],

  async run(context, hosts) {
    await askOnce(context, 'VIOC_RECONNECT', (venus) => {
      refuseServerNames(context, hosts, 'cfs reconnect', 'coda realm link heal CLIENT SERVER');
      return call(venus, reconnectCall, ROOT);
    });
  },
};
