import { expandObject } from '../../ipc/calls/expandObject.ts';
import { expansion } from './expansion.ts';

export const expand = expansion({
  usage: 'cfs expand <path> [<path> <path> ...]',
  summary: 'show objects as directories of their versions, to look at them',
  call: expandObject,
  label: 'VIOC_EXPANDOBJECT',
});
