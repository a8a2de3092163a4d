import { flushObject } from '../../ipc/calls/flushObject.ts';
import { flushing } from './flushing.ts';

export const flushobject = flushing({
  usage: 'cfs flushobject <obj>  [<obj> <obj> ...]',
  summary: 'drop objects, and all below them, from the cache; the servers keep them',
  description: [
    'They are fetched again when they are needed, which takes a server. What is in use, or not on the servers yet, stays.',
  ],
  examples: ['cfs fl notes.txt', 'cfs fl --yes /coda/example.org/usr/jan/big'],
  danger: 'these files will be lost, if disconnected',
  call: flushObject,
  label: 'VIOCFLUSH',
});
