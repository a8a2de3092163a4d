import type { ListedName } from './kernel/answers.ts';
import type { Node } from './nodes.ts';
import type { OpenFile } from './openFile.ts';
import type { PioctlFile } from './pioctlFiles.ts';

/** What somebody has open. */
export type Handle = FileHandle | DirectoryHandle | PioctlHandle;

export interface FileHandle {
  readonly kind: 'file';
  readonly node: Node;
  readonly file: OpenFile;
  readonly isWriter: boolean;
  /** Who opened it: as him it is stored. */
  readonly uid: number;
}

export interface DirectoryHandle {
  readonly kind: 'directory';
  readonly node: Node;
  readonly uid: number;
  /** As it was when it was opened, or read from its beginning. */
  names: readonly ListedName[];
  /** Whether nothing of it was read yet. */
  isFresh: boolean;
}

export interface PioctlHandle {
  readonly kind: 'pioctl';
  readonly file: PioctlFile;
  readonly isReader: boolean;
}

/** The handles of a mount, by the numbers that the kernel has for them. */
export class Handles {
  readonly #open = new Map<number, Handle>();
  #last = 0;

  add(handle: Handle): number {
    this.#last += 1;
    this.#open.set(this.#last, handle);
    return this.#last;
  }

  find(id: number): Handle | undefined {
    return this.#open.get(id);
  }

  remove(id: number): Handle | undefined {
    const handle = this.#open.get(id);
    this.#open.delete(id);
    return handle;
  }
}
