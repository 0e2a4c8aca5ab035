import { expect, test } from "vitest";
import { readPages } from "../../../../controller/src/app/drift/read-pages.ts";

async function pagesOf(items: readonly number[], itemsPerPageMax: number) {
  let breaths = 0;
  const pages = readPages({
    first: 0,
    read: (after, count) => Promise.resolve(items.filter((item) => item > after).slice(0, count)),
    placeOf: (item: number) => item,
    itemsPerPageMax,
    breathe: () => {
      breaths += 1;
      return Promise.resolve();
    },
  });
  const read: (readonly number[])[] = [];
  for await (const page of pages) read.push(page);
  return { pages: read, breaths };
}

test("each item comes once, in pages of so many, with a breath between two of them", async () => {
  const { pages, breaths } = await pagesOf([1, 2, 3, 4, 5], 2);

  expect(pages).toEqual([[1, 2], [3, 4], [5]]);
  expect(breaths).toBe(2);
});

test("a last page that is full is followed by an empty one, for nobody knows that it was the last", async () => {
  expect((await pagesOf([1, 2], 2)).pages).toEqual([[1, 2], []]);
  expect((await pagesOf([], 2)).pages).toEqual([[]]);
});
