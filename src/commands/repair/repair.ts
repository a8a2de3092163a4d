import { openPlace } from './openPlace.ts';
import { repairCommand } from './repairCommand.ts';

export const repair = repairCommand(openPlace);
