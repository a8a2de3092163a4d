import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { exactly } from '../exactly.ts';
import { type HoardExpansion, type HoardName, readHoardName, writeHoardName } from '../hoardName.ts';

export interface NewHoardEntry extends HoardName {
  /** 1 to 1000; venus checks nothing (spec/hoard.md, 12, 2). */
  readonly priority: number;
  readonly expansion: HoardExpansion;
}

const SIZE = 1104;
/** Members that come later belong to it; without this bit the next two mean nothing to venus. */
const INHERIT = 1;
const CHILDREN = 2;
const DESCENDANTS = 4;

const attributes = {
  none: 0,
  children: INHERIT | CHILDREN,
  descendants: INHERIT | DESCENDANTS,
} as const satisfies Record<HoardExpansion, number>;

/** 1104 bytes (spec/hoard.md, 6). */
const newEntry: Codec<NewHoardEntry> = {
  encode: (entry) =>
    writeHoardName(new ByteWriter(), entry).i32(entry.priority).i32(attributes[entry.expansion]).finish(),
  decode: (bytes) => {
    const reader = new ByteReader(exactly(bytes, SIZE, 'hoard add request'), 'hoard add request');
    const name = readHoardName(reader);
    return { ...name, priority: reader.i32(), expansion: expansionOf(reader.i32()) };
  },
};

function expansionOf(bits: number): HoardExpansion {
  if ((bits & INHERIT) === 0) return 'none';
  if ((bits & DESCENDANTS) !== 0) return 'descendants';
  return (bits & CHILDREN) !== 0 ? 'children' : 'none';
}

/** Adds an entry to the hoard database, or replaces the one of that name. EACCES: not the authorised user. */
export const hoardAdd = defineCall({
  name: 'hoard add',
  opcode: 200,
  follow: false,
  outSize: 0,
  request: newEntry,
  reply: nothing,
});
