import { setFlagsFromString } from 'node:v8';

/** Releases of Node whose V8 is known to have the flag; another one would complain of it on stderr. */
const [FIRST, LAST] = [20, 24];

/**
 * Keeps V8 from optimising WebAssembly that has just been loaded. undici parses heads with it, and V8 would begin to optimise
 * that parser after a few requests and let the process end only when it is done: 90 ms for a tool that runs for 50.
 * To be called before the first request.
 */
export function dontOptimiseWasm(): void {
  const release = Number.parseInt(process.versions.node, 10);
  if (release >= FIRST && release <= LAST) setFlagsFromString('--wasm-tiering-budget=2000000000');
}
