/** Where typed lines come from. */
export interface Lines {
  /**
   * The next line.
   * @param kind answers do not belong to the history
   * @returns undefined at the end
   * @throws InterruptedError for ^C, and when the session has to end
   */
  read(prompt: string, kind: 'command' | 'answer'): Promise<string | undefined>;
  /** Gives the terminal back for a while. */
  suspended<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}
