import { DeviceId, sha256 } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  type FinalDevice,
  lossOf,
  TransitionTrail,
} from "../../../../modelfleet/src/simulator/verdict.ts";

const release = sha256(Buffer.from("new"));
const older = sha256(Buffer.from("old"));
const device = DeviceId.parse("sim-000001");
const lost = (changes: Partial<FinalDevice>, isOver = true) =>
  lossOf(
    { device, state: "succeeded", known: release, serves: release, ...changes },
    { release, isOver },
  );

describe("a device counts as lost", () => {
  test.each<[string, Partial<FinalDevice>]>([
    ["that serves something else than the controller knows", { serves: older }],
    ["that is confirmed and serves something else", { known: older, serves: older }],
    ["that is rolled back and serves the release", { state: "rolled-back" }],
    ["that is under way for ever", { state: "downloading", known: older, serves: older }],
    ["that never got its order", { state: "queued", known: older, serves: older }],
  ])("%s", (_, changes) => {
    expect(lost(changes)).toBeDefined();
  });

  test("and no other", () => {
    expect(lost({})).toBeUndefined();
    expect(lost({ state: "rejected", known: older, serves: older })).toBeUndefined();
    expect(lost({ state: "timed-out" })).toBeUndefined();
    expect(lost({ state: "queued", known: older, serves: older }, false)).toBeUndefined();
  });
});

describe("a trail of transitions", () => {
  const trailOf = (...steps: readonly (readonly [string, string])[]) => {
    const trail = new TransitionTrail();
    for (const [from, to] of steps) trail.add({ device, from, to });
    return trail;
  };

  test("that goes on where it ended, also through another attempt, has nothing twice", () => {
    const steps = [
      ["queued", "offered"],
      ["offered", "queued"],
      ["queued", "offered"],
    ] as const;
    const trail = trailOf(...steps);

    expect(trail.duplicated).toBe(0);
    expect(trail.endOf(device)).toBe("offered");
  });

  test("counts a transition that is there twice, and an order that does not follow", () => {
    expect(trailOf(["queued", "offered"], ["queued", "offered"]).duplicated).toBe(1);
    expect(
      trailOf(["queued", "offered"], ["offered", "accepted"], ["queued", "offered"]).duplicated,
    ).toBe(1);
  });

  test("counts orders between a halt and its end, and none before or after", () => {
    const trail = trailOf(["queued", "offered"]);
    trail.halted();
    trail.add({ device, from: "offered", to: "accepted" });
    trail.add({ device: "sim-2", from: "queued", to: "offered" });
    trail.resumed();
    trail.add({ device: "sim-3", from: "queued", to: "offered" });

    expect(trail.offersAfterHalt).toBe(1);
  });
});
