import * as v from 'valibot';
import { archiveFormats } from '../../cml/archive/entry.ts';

/** What the person who starts a client decides of it. None of it is remembered. */
export const clientSettingsSchema = v.object({
  /** Bytes of contents that it keeps. */
  cacheSize: v.exactOptional(v.number()),
  /** Objects that it keeps. */
  cacheObjects: v.exactOptional(v.number()),
  /** Of the checkpoints that it writes, if not pax. */
  checkpointFormat: v.exactOptional(v.picklist(archiveFormats)),
  /** Conflicts show as at a real Coda: as servers and `_localcache`, without repair sessions (spec/repair.md, 2.3). */
  realConflicts: v.exactOptional(v.boolean()),
});
export type ClientSettings = v.InferOutput<typeof clientSettingsSchema>;
