import { type DesiredModel, type SlotReport, VerifyError } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { releaseNames } from "../../../../agent/src/app/install/release-names.ts";
import type { ReleaseShelf } from "../../../../agent/src/app/install/release-shelf.ts";

const digest = (digit: string) => digit.repeat(64) as never;
const slot = "main" as never;
const order = (digit: string) =>
  ({ slot, release: digest(digit), model: "digits", size: 1 }) as unknown as DesiredModel;
const slots = [{ slot, active: { release: digest("1"), model: "digits", version: "1.0.0" } }].map(
  (held) => ({ ...held, previous: null, trial: null, refused: [] }),
) as never as SlotReport[];

function shelf(find: () => unknown): Pick<ReleaseShelf, "find"> {
  return { find: () => Promise.resolve().then(find) as never };
}

test("a refused release is called by the model it was wanted as, and the version of its document", async () => {
  const names = await releaseNames({
    ...{ slots, wanted: [order("1"), order("2")] },
    shelf: shelf(() => ({ version: "2.0.0" })),
  });

  expect(names).toEqual([
    { release: digest("1"), model: "digits", version: "1.0.0" },
    { release: digest("2"), model: "digits", version: "2.0.0" },
  ]);
});

test.each([
  ["is not here", () => undefined],
  [
    "is not trusted any more",
    () => {
      throw new VerifyError("SIGNATURE", "expected one");
    },
  ],
])("a release whose document %s has no name", async (_, find) => {
  const names = await releaseNames({ slots, wanted: [order("2")], shelf: shelf(find) });

  expect(names.map(({ version }) => version)).toEqual(["1.0.0"]);
});

test("a defect of ours is not taken for a missing name", async () => {
  const broken = shelf(() => {
    throw new RangeError("ours");
  });

  await expect(releaseNames({ slots, wanted: [order("2")], shelf: broken })).rejects.toThrow(
    "ours",
  );
});
