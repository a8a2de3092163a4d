import type { Copies } from '../../src/repair/repairRun.ts';

/** Remembers what is to be copied, in the order in which that was asked for. */
export class RecordedCopies implements Copies {
  readonly saved: string[] = [];

  get directory(): string | undefined {
    return this.saved.length > 0 ? '/copies' : undefined;
  }

  save(below: string): Promise<void> {
    this.saved.push(below);
    return Promise.resolve();
  }

  saveVersion(server: string): Promise<void> {
    return this.save(server);
  }
}
