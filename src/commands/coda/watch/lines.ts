import { OutputClosedError } from '../../../term/terminal.ts';
import { printable } from '../../../term/printable.ts';
import { formatClock } from '../../../term/time.ts';
import type { Context } from '../../context.ts';
import { VolumeChanges, movesJson, volumeJson, volumeText } from './changes.ts';
import { sourceOf } from './source.ts';
import { WatchModel } from './watchModel.ts';
import { type Watcher, Watching } from './watching.ts';

/** Milliseconds between two looks whether anybody still reads: nothing may happen for hours. */
const LOOK = 500;

/** A line for each change, without an end. @throws OutputClosedError soon after the last reader has gone */
export async function printLines(
  context: Context,
  paths: readonly string[],
  interval: number,
): Promise<never> {
  const model = new WatchModel();
  const watcher = context.json ? jsonLines(context, model) : textLines(context, model);
  const watching = new Watching(context, sourceOf(context, paths), model, watcher);
  let timer: NodeJS.Timeout | undefined;
  const closed = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (context.terminal.outIsClosed) reject(new OutputClosedError());
    }, LOOK);
  });
  try {
    return await Promise.race([watching.run(interval), closed]);
  } finally {
    clearInterval(timer);
  }
}

function textLines(context: Context, model: WatchModel): Watcher {
  const changes = new VolumeChanges();
  const { now } = context.surroundings;
  const userPath = (path: string) => context.userPath(path);
  const tell = (onlyStates: boolean) => {
    for (const volume of changes.of(model.volumes, onlyStates))
      context.print(volumeText(volume, now(), userPath));
  };
  let isLost = false;
  return {
    event(event, happening) {
      if (event.kind === 'volumeState') tell(true);
      else if (happening) context.print(`${formatClock(happening.time)}  ${happening.text}\n`);
    },
    report() {
      if (isLost) context.print(`${formatClock(now())}  venus answers again\n`);
      isLost = false;
      tell(false);
    },
    lost(why) {
      if (!isLost)
        context.print(`${formatClock(now())}  venus does not answer: ${printable(why)}; waiting for it\n`);
      isLost = true;
    },
  };
}

function jsonLines(context: Context, model: WatchModel): Watcher {
  const changes = new VolumeChanges();
  const { now } = context.surroundings;
  const userPath = (path: string) => context.userPath(path);
  const tell = (onlyStates: boolean) => {
    for (const volume of changes.of(model.volumes, onlyStates))
      context.printJsonLine(volumeJson(volume, now(), userPath));
  };
  let isLost = false;
  return {
    event({ time, ...event }, happening) {
      if (event.kind === 'volumeState') tell(true);
      else if (happening) context.printJsonLine({ time: new Date(time).toISOString(), kind: 'event', event });
    },
    report() {
      if (isLost) context.printJsonLine({ time: new Date(now()).toISOString(), kind: 'back' });
      isLost = false;
      tell(false);
      if (model.moves.length > 0) context.printJsonLine(movesJson(model.moves, now()));
    },
    lost(why) {
      if (!isLost) context.printJsonLine({ time: new Date(now()).toISOString(), kind: 'lost', why });
      isLost = true;
    },
  };
}
