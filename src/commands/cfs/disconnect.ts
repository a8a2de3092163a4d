import { ROOT, call } from '../../ipc/call.ts';
import { disconnect as disconnectCall } from '../../ipc/calls/disconnect.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';
import { refuseServerNames } from '../refuseServerNames.ts';

export const disconnect: Command = {
  usage: 'cfs disconnect <servernames>',
  summary: 'cut this venus off from all servers',
  description: [
    'Name no server: venus cuts off all of them or none. What is in the cache can be read and changed meanwhile; changes ' +
      'wait in the modify logs until cfs reconnect.',
  ],
  examples: ['cfs disconnect'],

  async run(context, hosts) {
    await askOnce(context, 'VIOC_DISCONNECT', (venus) => {
      refuseServerNames(context, hosts, 'cfs disconnect', 'coda realm link cut CLIENT SERVER');
      return call(venus, disconnectCall, ROOT);
    });
  },
};
