import { monotonicTime } from '../../../ipc/timeLimit.ts';
import { errno as errnoOf } from '../../../ipc/errno.ts';
import type { LogRecord } from './record.ts';

/** Why the servers have no room for a record. */
export type RoomObstacle = 'quota' | 'server full';

interface RoomWait {
  readonly sequence: number;
  readonly obstacle: RoomObstacle;
  /** When it is tried again, in milliseconds of monotonicTime(). */
  readonly until: number;
}

/** Milliseconds between two tries to send what the servers have no room for. */
const PAUSE = 60_000;

const obstacles: ReadonlyMap<number, RoomObstacle> = new Map([
  [errnoOf('EDQUOT'), 'quota'],
  [errnoOf('ENOSPC'), 'server full'],
]);

export function isLackOfRoom(errno: number): boolean {
  return obstacles.has(errno);
}

/** The first records of logs for which the servers had no room: no conflict, since room may be made. */
export class RoomWaits {
  readonly #waits = new Map<number, RoomWait>();

  /** Notes that a record was refused. @returns the obstacle; nothing if it was refused for something else */
  note(volume: number, { sequence }: LogRecord, errno: number): RoomObstacle | undefined {
    const obstacle = obstacles.get(errno);
    if (obstacle) this.#waits.set(volume, { sequence, obstacle, until: monotonicTime() + PAUSE });
    return obstacle;
  }

  /** What keeps the first record of a log here for now. @param isForced whether it is to go all the same */
  obstacle(volume: number, head: LogRecord, isForced: boolean): RoomObstacle | undefined {
    const wait = this.#waits.get(volume);
    if (wait && !this.wasTried(volume, head)) this.#waits.delete(volume);
    else if (wait && monotonicTime() < wait.until && !isForced) return wait.obstacle;
    return undefined;
  }

  /** Whether a record went already, and there was no room: its age counts no more. */
  wasTried(volume: number, { sequence }: LogRecord): boolean {
    return this.#waits.get(volume)?.sequence === sequence;
  }

  /** There may be room now. */
  end(volume: number): void {
    const wait = this.#waits.get(volume);
    if (wait) this.#waits.set(volume, { ...wait, until: 0 });
  }
}
