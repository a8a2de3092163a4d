import { enableAsr } from '../../ipc/calls/enableAsr.ts';
import { resolverSwitch } from './resolverSwitch.ts';

export const enableasr = resolverSwitch({
  usage: 'cfs enableasr <dir/file>',
  summary: 'let application-specific resolvers (ASRs) settle conflicts in a volume',
  description:
    'Of the volume that the path lies in. A real venus starts them when somebody looks at an object in conflict.',
  call: enableAsr,
  label: 'VIOC_ENABLEASR',
});
