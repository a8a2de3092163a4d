import { disableRepair } from '../../ipc/calls/expandObject.ts';
import { repairSwitch } from './repairSwitch.ts';

export const endrepair = repairSwitch({
  usage: 'cfs endrepair <object>',
  summary: 'show an object that is under repair as a link again; what was not committed is dropped',
  description: ['The conflict is as it was before: nothing of it is sent, and nothing of it is lost.'],
  call: disableRepair,
  label: 'VIOC_DISABLEREPAIR',
});
