import { expect, test } from 'vitest';
import { kindAt, kindsOfUsage } from '../../../src/commands/coda/completion/usageKinds.ts';
import { add } from '../../../src/commands/hoard/add.ts';
import { deleteEntry } from '../../../src/commands/hoard/delete.ts';
import { explain } from '../../../src/commands/hoard/explain.ts';
import { modify } from '../../../src/commands/hoard/modify.ts';
import { plan } from '../../../src/commands/hoard/plan.ts';
import { verify } from '../../../src/commands/hoard/verify.ts';

test.each([
  ['add', add.usage, 'path'],
  ['delete', deleteEntry.usage, 'path'],
  ['explain', explain.usage, 'path'],
  ['modify', modify.usage, 'path'],
  ['plan', plan.usage, 'local file'],
  ['verify', verify.usage, 'local file'],
])('the first word of hoard %s is completed', (name, usage, kind) => {
  expect(kindAt(kindsOfUsage(usage, `hoard ${name}`), 0)).toBe(kind);
});
