export interface PagedReading<Item, Place> {
  /** Where nothing has been read yet. */
  readonly first: Place;
  readonly read: (after: Place, itemsMax: number) => Promise<readonly Item[]>;
  readonly placeOf: (item: Item) => Place;
  readonly itemsPerPageMax: number;
  /** Between two pages others have their turn. */
  readonly breathe: () => Promise<void>;
}

/** What a store has, a page at a time: no more than one page of it is held. */
export async function* readPages<Item, Place>({
  first,
  read,
  placeOf,
  itemsPerPageMax,
  breathe,
}: PagedReading<Item, Place>): AsyncGenerator<readonly Item[]> {
  for (let after = first; ; ) {
    const page = await read(after, itemsPerPageMax);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < itemsPerPageMax) return;
    after = placeOf(last);
    await breathe();
  }
}
