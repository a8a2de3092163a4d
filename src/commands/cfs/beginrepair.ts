import { enableRepair } from '../../ipc/calls/expandObject.ts';
import { repairSwitch } from './repairSwitch.ts';

export const beginrepair = repairSwitch({
  usage: 'cfs beginrepair <object>',
  summary: 'show an object in conflict as a directory of its versions',
  description: [
    'What is below `local` in it is what this client has, below `global` what the servers have. To settle it: repair, or coda resolve. On a real Coda the versions are the servers and _localcache.',
  ],
  call: enableRepair,
  label: 'VIOC_ENABLEREPAIR',
});
