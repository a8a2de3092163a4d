import { collapseObject } from '../../ipc/calls/expandObject.ts';
import { expansion } from './expansion.ts';

export const collapse = expansion({
  usage: 'cfs collapse <path> [<path> <path> ...]',
  summary: 'show expanded objects as they are again',
  call: collapseObject,
  label: 'VIOC_COLLAPSEOBJECT',
});
