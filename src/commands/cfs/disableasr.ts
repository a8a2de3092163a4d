import { disableAsr } from '../../ipc/calls/enableAsr.ts';
import { resolverSwitch } from './resolverSwitch.ts';

export const disableasr = resolverSwitch({
  usage: 'cfs disableasr <dir/file>',
  summary: 'keep application-specific resolvers (ASRs) from settling conflicts in a volume',
  description: 'Of the volume that the path lies in. EBUSY while one of them runs there.',
  call: disableAsr,
  label: 'VIOC_DISABLEASR',
});
