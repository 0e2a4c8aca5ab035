import { documentLimits, encodePayload, SlotReport } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { fitSlots } from "../../../../agent/src/domain/install/fit-slots.ts";

const payloadBytes = (message: object) => encodePayload(message).length;
const longest = {
  release: "f".repeat(64),
  model: "m".repeat(64),
  version: `1.2.3-${"v".repeat(58)}`,
};

/** So many slots with the longest names there are, each refusing so much. */
function slots(count: number, refused: number, detail = '"'.repeat(512)): SlotReport[] {
  return Array.from({ length: count }, (_, i) =>
    SlotReport.parse({
      slot: `s${String(i).padStart(31, "0")}`,
      active: longest,
      previous: longest,
      trial: longest,
      refused: Array.from({ length: refused }, (__, j) => ({
        ...{ release: String(j).repeat(64), code: "INCOMPATIBLE_SIGNATURE", detail },
      })),
    }),
  );
}

test("a message that fits is left as it is", () => {
  const some = slots(2, 2);

  expect(fitSlots(some, (told) => ({ slots: told }))).toEqual({ slots: some });
});

test("sixteen slots that each refuse eight releases at length fit beside a report's longest item, which is whole", () => {
  const item = { ...longest, slot: "s".repeat(32), step: "refused", detail: '"'.repeat(512) };
  const rest = { type: "report", boot: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };

  const message = fitSlots(slots(16, 8), (told) => ({ ...rest, items: [item], slots: told }));

  expect(payloadBytes(message)).toBeLessThanOrEqual(documentLimits.payloadBytesMax);
  expect(message.items).toEqual([item]);
  expect(message.slots.map(({ slot, active }) => ({ slot, active }))).toEqual(
    slots(16, 8).map(({ slot, active }) => ({ slot, active })),
  );
});

test("details are shortened before refusals are left out", () => {
  const message = fitSlots(slots(2, 8), (told) => ({ slots: told }));

  const [first] = message.slots;
  expect(first?.refused).toHaveLength(8);
  expect(first?.refused[0]?.detail).toBe('"'.repeat(64));
});

test("what is left of many refusals is the latest", () => {
  const message = fitSlots(slots(12, 8), (told) => ({ slots: told }));

  expect(message.slots[0]?.refused.map(({ release }) => release[0])).toEqual(["7"]);
});
