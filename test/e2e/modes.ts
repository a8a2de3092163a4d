/** A way in which a venus shows conflicts and settles them, and what a test has to know of it. */
export interface Mode {
  readonly where: string;
  /** Of `coda up`. */
  readonly options: readonly string[];
  /** What the versions of an expanded object are called. */
  readonly local: string;
  readonly global: string;
  /**
   * Whether a directory above several conflicts can be repaired as a whole. Else each object is settled by itself, and
   * none before those that are ahead of it in the log.
   */
  readonly settlesTogether: boolean;
  /** Whether what both sides moved is found where the servers have it. Else it is made again from the local version. */
  readonly followsMoves: boolean;
  /** Whether the log can tell a name with a newline in it: a listing has a line for each record. */
  readonly listsNewlines: boolean;
  /** Whether venus keeps what a session has decided; else it is the tool's, until it commits. */
  readonly keepsDecisions: boolean;
}

export const modes: readonly Mode[] = [
  {
    where: 'the embedded venus',
    options: [],
    local: 'local',
    global: 'global',
    settlesTogether: true,
    followsMoves: true,
    listsNewlines: true,
    keepsDecisions: true,
  },
  {
    where: 'a real Coda',
    options: ['--real-conflicts'],
    local: '_localcache',
    global: 's1',
    settlesTogether: false,
    followsMoves: false,
    listsNewlines: false,
    keepsDecisions: false,
  },
];
