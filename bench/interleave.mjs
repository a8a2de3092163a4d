/** Times commands fairly: all of them in every round, in another order each time, so that no drift favours one. */
import { spawnSync } from 'node:child_process';

/**
 * @param commands name → { words, env? }
 * @returns name → milliseconds of every run, without the first rounds
 */
export function interleave(commands, rounds, warmUp = 5) {
  const times = new Map(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < rounds + warmUp; round++) {
    for (const name of shuffled([...times.keys()])) {
      const { words, env = process.env } = commands[name];
      const start = process.hrtime.bigint();
      const { status, stderr } = spawnSync(words[0], words.slice(1), {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const took = Number(process.hrtime.bigint() - start) / 1e6;
      if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
      if (round >= warmUp) times.get(name).push(took);
    }
  }
  return times;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function shuffled(values) {
  for (let at = values.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [values[at], values[other]] = [values[other], values[at]];
  }
  return values;
}
