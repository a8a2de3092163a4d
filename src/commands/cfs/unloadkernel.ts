import { ROOT, call } from '../../ipc/call.ts';
import { unloadKernel } from '../../ipc/calls/unloadKernel.ts';
import { UnsupportedError, isErrno } from '../../ipc/errors.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';

/** No venus does anything about it, so that `cfs help` does not list it. Scripts may still ask. */
export const unloadkernel: Command = {
  usage: 'cfs unloadkernel',
  summary: 'do nothing: venus has not unloaded the module of the kernel for a long time',
  description: ['To stop using Coda on this machine, end venus and unmount it.'],

  async run(context) {
    // The blanks belong to the classic label.
    const isDone = await askOnce(context, '  VIOC_UNLOADKERNEL', (venus) =>
      call(venus, unloadKernel, ROOT).catch((error: unknown) => {
        throw isErrno(error, 'EOPNOTSUPP') && context.address().kind === 'socket'
          ? new UnsupportedError(
              'Operation not supported: the embedded venus has no module in the kernel',
              { next: 'To end the embedded venus: coda down' },
              { cause: error },
            )
          : error;
      }),
    );
    if (isDone) context.note('Venus has answered, and done nothing: it does not unload the module any more.');
  },
};
