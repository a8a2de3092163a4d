import { type VersionVector, compareVectors, largestCounters } from '../../../ipc/versionVector.ts';
import { INCONSISTENT, sameStoreId } from '../../tree/version.ts';

/** What several servers say of an object, taken together (spec/repair.md, 1). */
export type Agreement<Answer> =
  /** They have the same. */
  | { readonly kind: 'equal'; readonly answer: Answer }
  /** They have made the same update last, and have not all heard who else has. */
  | { readonly kind: 'weakly equal'; readonly answer: Answer }
  /** One has all that the others have, and more. */
  | { readonly kind: 'dominated'; readonly answer: Answer }
  /** Each has something that another has not. */
  | { readonly kind: 'concurrent'; readonly answer: Answer }
  /** Nothing could merge them. */
  | { readonly kind: 'inconsistent'; readonly answer: Answer };

interface Versioned {
  readonly versionVector: VersionVector;
}

/**
 * Compares what servers say of an object.
 * @param all the answers of those that have it
 * @param versionOf where the version of an answer is
 * @param with_ an answer with another version
 * @returns undefined if none has it
 */
export function agree<Answer>(
  all: readonly Answer[],
  versionOf: (answer: Answer) => VersionVector,
  withVersion: (answer: Answer, versionVector: VersionVector) => Answer,
): Agreement<Answer> | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  const vectors = all.map(versionOf);
  const flags = vectors.reduce((union, vector) => union | vector.flags, 0);
  const newest = all.find((answer) => vectors.every((vector) => isAtLeast(versionOf(answer), vector)));
  const versionVector = { ...versionOf(newest ?? first), versions: largestCounters(vectors), flags };
  const answer = withVersion(newest ?? first, versionVector);
  if ((flags & INCONSISTENT) !== 0) return { kind: 'inconsistent', answer };
  if (vectors.every((vector) => compareVectors(versionOf(first), vector) === 'equal'))
    return { kind: 'equal', answer };
  const { storeId } = versionOf(first);
  if (vectors.every((vector) => sameStoreId(storeId, vector.storeId)))
    return { kind: 'weakly equal', answer };
  return { kind: newest === undefined ? 'concurrent' : 'dominated', answer };
}

/** What several servers made of one update: each has counted itself, and will be told of the others. */
export function combined(answers: readonly Versioned[]): VersionVector | undefined {
  const [first] = answers;
  if (!first) return undefined;
  return {
    ...first.versionVector,
    versions: largestCounters(answers.map(({ versionVector }) => versionVector)),
  };
}

function isAtLeast(one: VersionVector, other: VersionVector): boolean {
  const order = compareVectors(one, other);
  return order === 'equal' || order === 'dominates';
}
