import { DeviceId } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chooseOffers,
  type OfferCandidate,
  type OfferRequest,
} from "../../../../../../controller/src/domain/rollout/pacing/choose-offers.ts";

const seed = 20_261_208;

function candidate(name: string, parts: Partial<OfferCandidate> = {}): OfferCandidate {
  return {
    device: DeviceId.parse(name),
    dueAtMs: null,
    group: null,
    isUnavailable: false,
    ...parts,
  };
}

/** Every device is online, due and alone; nothing is under way. */
function choose(candidates: readonly OfferCandidate[], parts: Partial<OfferRequest> = {}) {
  const { offers, held } = chooseOffers({
    candidates,
    tokens: 100,
    inFlight: 0,
    inFlightMax: 100,
    budget: undefined,
    groups: new Map(),
    nowMs: 1_000,
    boxed: new Set(),
    ...parts,
  });
  return {
    offers: offers.map(String),
    held: held.map(({ device, reason }) => `${device} ${reason}`),
  };
}

const three = ["cam-1", "cam-2", "cam-3"].map((name) => candidate(name));

describe("how many", () => {
  test("as many as there are tokens, in order", () => {
    expect(choose(three, { tokens: 2 })).toEqual({
      offers: ["cam-1", "cam-2"],
      held: ["cam-3 RATE"],
    });
    expect(choose(three, { tokens: 3 }).held).toEqual([]);
    expect(choose(three, { tokens: 0 }).offers).toEqual([]);
  });

  test("as many as may be under way, those that are counted", () => {
    expect(choose(three, { inFlight: 98 })).toEqual({
      offers: ["cam-1", "cam-2"],
      held: ["cam-3 IN_FLIGHT"],
    });
    expect(choose(three, { inFlight: 97 }).held).toEqual([]);
    expect(choose(three, { inFlight: 120 }).offers).toEqual([]);
  });
});

describe("a device's own reasons", () => {
  test("who waits for its next attempt is passed over until that moment", () => {
    const waiting = [
      candidate("cam-1", { dueAtMs: 1_001 }),
      candidate("cam-2", { dueAtMs: 1_000 }),
    ];

    expect(choose(waiting)).toEqual({ offers: ["cam-2"], held: ["cam-1 BACKOFF"] });
  });

  test("who is in the penalty box is passed over and holds up nobody", () => {
    const boxed = new Set([DeviceId.parse("cam-1")]);

    expect(choose(three, { boxed, tokens: 1 })).toEqual({
      offers: ["cam-2"],
      held: ["cam-1 BOXED", "cam-3 RATE"],
    });
  });
});

describe("the budget of a group", () => {
  const budget = { groupBy: "site", unavailableMax: 2 };
  const north = ["cam-1", "cam-2", "cam-3"].map((name) => candidate(name, { group: "north" }));
  const groups = (unavailable: number, devices = 5) =>
    new Map([
      ["north", { devices, unavailable }],
      ["south", { devices: 5, unavailable: 0 }],
    ]);

  test("lets as many go out of service as it says, with those that are", () => {
    expect(choose(north, { budget, groups: groups(0) })).toEqual({
      offers: ["cam-1", "cam-2"],
      held: ["cam-3 BUDGET"],
    });
    expect(choose(north, { budget, groups: groups(1) }).offers).toEqual(["cam-1"]);
    expect(choose(north, { budget, groups: groups(2) }).offers).toEqual([]);
  });

  test("keeps as many in service as it says", () => {
    const keep = { groupBy: "site", availableMin: 4 };

    expect(choose(north, { budget: keep, groups: groups(0) }).offers).toEqual(["cam-1"]);
    expect(choose(north, { budget: keep, groups: groups(0, 4) }).offers).toEqual([]);
    expect(
      choose(north, { budget: { ...keep, unavailableMax: 9 }, groups: groups(0, 9) }).offers,
    ).toHaveLength(3);
  });

  test("of one group holds up no other", () => {
    const both = [...north, candidate("cam-4", { group: "south" })];

    expect(choose(both, { budget, groups: groups(2) })).toEqual({
      offers: ["cam-4"],
      held: ["cam-1 BUDGET", "cam-2 BUDGET", "cam-3 BUDGET"],
    });
  });

  test("takes no second place for a device that is out of service already", () => {
    const dead = [candidate("cam-1", { group: "north", isUnavailable: true }), ...north.slice(1)];

    expect(choose(dead, { budget, groups: groups(2) })).toEqual({
      offers: ["cam-1"],
      held: ["cam-2 BUDGET", "cam-3 BUDGET"],
    });
    expect(choose(dead, { budget, groups: groups(3) }).offers).toEqual([]);
  });

  test("counts devices without the label as a group of their own", () => {
    const bare = [candidate("cam-1"), candidate("cam-2"), candidate("cam-3")];

    expect(
      choose(bare, { budget, groups: new Map([["", { devices: 3, unavailable: 0 }]]) }).offers,
    ).toEqual(["cam-1", "cam-2"]);
  });

  test("gives nothing to a group that nothing is known of", () => {
    expect(choose(north, { budget, groups: new Map() }).held).toEqual([
      "cam-1 BUDGET",
      "cam-2 BUDGET",
      "cam-3 BUDGET",
    ]);
  });
});

/** What a device of a fleet does by itself, or is done to. */
interface Simulated {
  readonly site: string;
  online: boolean;
  state: "waiting" | "under way" | "done";
}

test(`a fleet whose devices die and come back never has more of a site in the hands of the rollout than its budget (seed ${seed})`, () => {
  const event = fc.record({
    device: fc.nat({ max: 11 }),
    what: fc.constantFrom("die", "return", "finish", "turn"),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 80 }),
      fc.integer({ min: 1, max: 3 }),
      (events, unavailableMax) => {
        const fleet = Array.from(
          { length: 12 },
          (_, index): Simulated => ({ site: `s${index % 2}`, online: true, state: "waiting" }),
        );
        const isDown = (one: Simulated) => !one.online || one.state === "under way";
        for (const { device, what } of events) {
          const one = fleet[device];
          if (one === undefined) continue;
          if (what === "die") one.online = false;
          if (what === "return") one.online = true;
          if (what === "finish" && one.online && one.state === "under way") one.state = "done";
          if (what !== "turn") continue;
          const before = downOf(fleet, isDown);
          offerTo(fleet, isDown, unavailableMax);
          for (const [site, down] of downOf(fleet, isDown)) {
            // The rollout itself takes nobody out of service beyond the budget, whoever died by itself.
            expect(down).toBeLessThanOrEqual(Math.max(unavailableMax, before.get(site) ?? 0));
          }
          const busy = downOf(fleet, ({ state }) => state === "under way");
          for (const [, count] of busy) expect(count).toBeLessThanOrEqual(unavailableMax);
        }
      },
    ),
    { seed, numRuns: 300 },
  );
});

function offerTo(
  fleet: readonly Simulated[],
  isDown: (one: Simulated) => boolean,
  unavailableMax: number,
) {
  const down = downOf(fleet, isDown);
  const { offers } = chooseOffers({
    candidates: fleet.flatMap((one, index) =>
      one.state === "waiting"
        ? [candidate(`cam-${index}`, { group: one.site, isUnavailable: !one.online })]
        : [],
    ),
    tokens: 100,
    inFlight: 0,
    inFlightMax: 100,
    budget: { groupBy: "site", unavailableMax },
    groups: new Map([...down].map(([site, unavailable]) => [site, { devices: 6, unavailable }])),
    nowMs: 0,
    boxed: new Set(),
  });
  fleet.forEach((one, index) => {
    if (offers.some((id) => String(id) === `cam-${index}`)) one.state = "under way";
  });
}

function downOf(
  fleet: readonly Simulated[],
  isDown: (one: Simulated) => boolean,
): ReadonlyMap<string, number> {
  return new Map(
    ["s0", "s1"].map((site) => [
      site,
      fleet.filter((one) => one.site === site && isDown(one)).length,
    ]),
  );
}
