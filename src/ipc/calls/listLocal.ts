import { defineCall } from '../call.ts';
import { repairCommand } from './repairCommand.ts';

/**
 * The repair command List, sent with RepairAction.List: the C tool does not follow a link here (spec/cfs.md, 6.8). The
 * reply names a file of `/tmp`, which src/ipc/listingFile.ts checks, reads and removes.
 */
export const listLocal = defineCall({ ...repairCommand, name: 'listlocal', follow: false });
