import { DeviceId, FleetId, ModelName, Sha256, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  assembleDesired,
  nextDesiredSeq,
} from "../../../../controller/src/domain/fleet/assemble-desired.ts";
import { deviceIdFor } from "../../../../controller/src/domain/fleet/device-id.ts";
import { placeHello } from "../../../../controller/src/domain/fleet/hello-order.ts";
import { matchesLabels } from "../../../../controller/src/domain/fleet/matches-labels.ts";
import { fixtureFleet, fixtureTimes } from "../../../support/trust-fixtures.ts";

const key = Sha256.parse("0123456789abcdef".repeat(4));

describe("the name of a device that asked for none", () => {
  test("it is its class and the beginning of its key", () => {
    expect(deviceIdFor("cam-v2", key, 8)).toBe("cam-v2-01234567");
  });

  test("dots of the class become dashes, which topics can carry", () => {
    expect(deviceIdFor("cam.v2", key, 8)).toBe("cam-v2-01234567");
  });

  test("the longest class with the longest form still gives a name", () => {
    expect(deviceIdFor("c".repeat(63), key, 16)).toHaveLength(63);
  });
});

describe("labels", () => {
  test("a device that carries more than is wanted matches", () => {
    expect(matchesLabels({ site: "a", line: "3" }, { site: "a" })).toBe(true);
  });

  test("a device with another value does not", () => {
    expect(matchesLabels({ site: "a" }, { site: "b" })).toBe(false);
  });

  test("a device without one of two wanted labels does not", () => {
    expect(matchesLabels({ site: "a" }, { site: "a", line: "3" })).toBe(false);
  });

  test("a label of every object is no label of a device", () => {
    expect(matchesLabels({}, { constructor: "x" })).toBe(false);
  });
});

describe("the sequence of a desired document", () => {
  test("it is above the stored one", () => {
    expect(nextDesiredSeq(4, 2)).toBe(5);
  });

  test("it is above what the device holds, when we were restored from an old backup", () => {
    expect(nextDesiredSeq(4, 90)).toBe(91);
  });

  test("a counter that is used up is a defect", () => {
    expect(() => nextDesiredSeq(0, Number.MAX_SAFE_INTEGER)).toThrow(RangeError);
  });
});

test("a desired document names its slots in order and lives seven days", () => {
  const model = (slot: string) => ({
    slot: SlotName.parse(slot),
    model: ModelName.parse("digits"),
    release: key,
    size: 100,
    activate: "now" as const,
  });

  const document = assembleDesired({
    fleet: FleetId.parse(fixtureFleet),
    device: DeviceId.parse("cam-0017"),
    seq: 3,
    rootVersion: 1,
    nowMs: fixtureTimes.issuedAtMs,
    models: [model("main"), model("aux")],
  });

  expect(document.models.map(({ slot }) => slot)).toEqual(["aux", "main"]);
  expect(document).toMatchObject({
    issuedAt: "2026-11-21T08:00:00Z",
    expires: "2026-11-28T08:00:00Z",
  });
  expect("nonce" in document).toBe(false);
});

describe("the place of a hello", () => {
  const known = { boot: 5, helloAtMs: 1_000, reportedSeq: 8 };
  const hello = (changes: object = {}) => ({
    ...{ boot: 5, issuedAtMs: 1_000, desiredSeq: 8 },
    ...changes,
  });

  test("the first of all is next", () => {
    const nothing = { boot: null, helloAtMs: null, reportedSeq: 0 };

    expect(placeHello(nothing, hello({ boot: 0, issuedAtMs: 0 }))).toBe("next");
  });

  test("a restart is next, even when the device's clock went back", () => {
    expect(placeHello(known, hello({ boot: 6, issuedAtMs: 10 }))).toBe("next");
  });

  test("a repetition within one start is next", () => {
    expect(placeHello(known, hello())).toBe("next");
  });

  test("an older message of the same start is stale", () => {
    expect(placeHello(known, hello({ issuedAtMs: 999 }))).toBe("stale");
  });

  test("a lower start with a newer time is a device that lost its state", () => {
    expect(placeHello(known, hello({ boot: 4, issuedAtMs: 1_001 }))).toBe("new-era");
  });

  test("a lower start with the same time is an old message sent again", () => {
    expect(placeHello(known, hello({ boot: 4 }))).toBe("stale");
  });

  test("a device wiped in the very start it was in is known by the sequence it holds", () => {
    expect(placeHello(known, hello({ desiredSeq: 7, issuedAtMs: 1_001 }))).toBe("new-era");
    expect(placeHello(known, hello({ desiredSeq: 7 }))).toBe("stale");
  });
});
