import type { Interruptions } from '../../repair/interruptions.ts';

/** Does some work while signals end the session instead of the process, so that nothing stays expanded. */
export async function withSignals<T>(interruptions: Interruptions, work: () => Promise<T>): Promise<T> {
  const interrupt = (): void => interruptions.interrupt();
  const terminate = (): void => interruptions.terminate();
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate);
  try {
    return await work();
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate);
  }
}
