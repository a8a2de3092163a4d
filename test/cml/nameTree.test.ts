import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NameNode, NameTree } from '../../src/cml/nameTree.ts';
import { encodeText } from '../../src/ipc/text.ts';

/** The same in the plainest way. */
interface Model {
  readonly children: Map<string, Model>;
  number: number;
}

const model = (): Model => ({ children: new Map(), number: -1 });

function shape(tree: NameTree): readonly (readonly [string, number])[] {
  const all: (readonly [string, number])[] = [];
  tree.visit((node) => all.push([tree.pathOf(node).join('/'), tree.numberOf(node)]));
  return all;
}

function modelShape({ children }: Model, above = ''): readonly (readonly [string, number])[] {
  return [...children].flatMap(([name, child]) => [
    [above + name, child.number] as const,
    ...modelShape(child, `${above}${name}/`),
  ]);
}

const names = ['a', 'b', 'c', 'é', '\udc80', 'a name that is longer than the least room'];
const path = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });

describe('a tree of names', () => {
  it('holds what was put there, in order, whatever is added, moved and removed', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'move', 'drop', 'clear'), path, path), {
      maxLength: 100,
    });
    const property = fc.property(steps, (done) => {
      const [tree, top] = [new NameTree(), model()];
      const find = (parts: readonly string[]): NameNode | undefined =>
        parts.reduce<NameNode | undefined>(
          (node, name) => (node === undefined ? undefined : tree.child(node, name)),
          tree.root,
        );
      const modelOf = (parts: readonly string[]): Model | undefined =>
        parts.reduce<Model | undefined>((node, name) => node?.children.get(name), top);
      for (const [step, [what, one, other]] of done.map(
        ([kind, ...paths]) => [kind, [kind, ...paths]] as const,
      )) {
        const [name = ''] = one.slice(-1);
        const [node, known] = [find(one), modelOf(one)];
        expect(node === undefined).toBe(known === undefined);
        expect(what).toBe(step);
        if (step === 'add') {
          const added = one.reduce((at, part) => tree.childOrNew(at, part), tree.root);
          let at = top;
          for (const part of one) {
            const next = at.children.get(part) ?? model();
            at.children.set(part, next);
            at = next;
          }
          at.number = one.length;
          tree.setNumber(added, one.length);
        } else if (node === undefined || known === undefined) continue;
        else if (step === 'clear') {
          tree.dropChildren(node);
          known.children.clear();
        } else if (step === 'drop') {
          tree.detach(node);
          tree.drop(node);
          modelOf(one.slice(0, -1))?.children.delete(name);
        } else {
          const [parent, modelParent] = [find(other), modelOf(other)];
          if (parent === undefined || other.slice(0, one.length).join('/') === one.join('/')) continue;
          tree.detach(node);
          modelOf(one.slice(0, -1))?.children.delete(name);
          const taken = tree.child(parent, name);
          if (taken !== undefined) {
            tree.detach(taken);
            tree.drop(taken);
            modelParent?.children.delete(name);
          }
          tree.attach(node, parent, name);
          modelParent?.children.set(name, known);
        }
        expect(shape(tree)).toEqual(modelShape(top));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('finds any number of names, in any order, and among other bytes', () => {
    const tree = new NameTree();
    const count = 20_000;
    for (let at = 0; at < count; at++) tree.setNumber(tree.childOrNew(tree.root, `n${at}`), at);
    for (const step of [1, 7, -1]) {
      for (let at = 0; at < count; at++) {
        const wanted = (((at * step) % count) + count) % count;
        const bytes = encodeText(`<n${wanted}>`);
        const node = tree.childAt(tree.root, bytes, 1, bytes.length - 1);
        expect(node === undefined ? undefined : tree.numberOf(node)).toBe(wanted);
      }
    }
    expect(tree.child(tree.root, `n${count}`)).toBeUndefined();
  });

  it('takes no more memory for names that come and go', () => {
    const tree = new NameTree();
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 300_000; at++) {
      const node = tree.childOrNew(tree.root, `name-${at}`);
      tree.detach(node);
      tree.drop(node);
    }
    expect(tree.hasChildren(tree.root)).toBe(false);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
  });
});
