import * as v from 'valibot';
import { archiveFormats } from '../../cml/archive/entry.ts';

/** What the person who starts a client decides of it. None of it is remembered. */
export const clientSettingsSchema = v.object({
  /** Bytes of contents that it keeps. */
  cacheSize: v.exactOptional(v.number()),
  /** Of the checkpoints that it writes, if not pax. */
  checkpointFormat: v.exactOptional(v.picklist(archiveFormats)),
});
export type ClientSettings = v.InferOutput<typeof clientSettingsSchema>;
