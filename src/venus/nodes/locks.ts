/** Milliseconds that a node waits for the process that had its store before, and has to end. */
export const LOCK_PATIENCE = 10_000;
