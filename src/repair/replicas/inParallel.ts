/**
 * Works on many things at a time, and gives the results in their order. Memory does not grow with their number.
 * @param limit how many at a time
 */
export async function* inParallel<Item, Result>(
  items: AsyncIterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // It is looked at in its turn, which may come after it failed, or never if an earlier one fails.
    result.catch(() => undefined);
    running.push(result);
    if (running.length < limit) continue;
    const first = running.shift();
    if (first) yield await first;
  }
  for (const result of running) yield await result;
}
