import { openBackend } from './openBackend.ts';
import { repairCommand } from './repairCommand.ts';

export const repair = repairCommand(openBackend);
