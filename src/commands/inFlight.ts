/** One of many things done at once, and how it went. */
export type Outcome<Item, Result> =
  | { readonly item: Item; readonly ok: true; readonly result: Result }
  | { readonly item: Item; readonly ok: false; readonly error: unknown };

/**
 * Does something for each item, up to `limit` at a time, and gives the outcomes in the order of the items.
 * Items are taken only as fast as outcomes are; memory does not grow with their number.
 */
export async function* inFlight<Item, Result>(
  items: AsyncIterable<Item> | Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Outcome<Item, Result>> {
  const started: Promise<Outcome<Item, Result>>[] = [];
  for await (const item of items) {
    started.push(outcomeOf(item, work));
    const oldest = started.length >= limit ? started.shift() : undefined;
    if (oldest) yield await oldest;
  }
  for (const rest of started) yield await rest;
}

async function outcomeOf<Item, Result>(
  item: Item,
  work: (item: Item) => Promise<Result>,
): Promise<Outcome<Item, Result>> {
  try {
    return { item, ok: true, result: await work(item) };
  } catch (error) {
    return { item, ok: false, error };
  }
}
