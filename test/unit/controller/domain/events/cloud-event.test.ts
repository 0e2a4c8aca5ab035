import { type AuditEvent, EventId, type FleetId, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { cloudEventText } from "../../../../../controller/src/domain/events/cloud-event.ts";
import { matchesTypes } from "../../../../../controller/src/domain/events/matches-types.ts";
import { rolloutEvent } from "../../../../../controller/src/domain/events/rollout-event.ts";

const fleet = "3f2504e0-4f89-41d3-9a0c-0305e82c3301" as FleetId;

test("an event is a CloudEvent 1.0 with every required attribute", () => {
  const text = cloudEventText(fleet, {
    seq: 42,
    id: "alert-1",
    type: "modelfleet.alert.firing",
    subject: "alert:1",
    atMs: Date.UTC(2026, 10, 21, 18),
    data: '{"psi":0.31,"top":["site=a"]}',
  });

  expect(JSON.parse(text)).toEqual({
    specversion: "1.0",
    id: "alert-1",
    source: `urn:modelfleet:fleet:${fleet}`,
    type: "modelfleet.alert.firing",
    subject: "alert:1",
    time: "2026-11-21T18:00:00Z",
    datacontenttype: "application/json",
    sequence: "0000000000000042",
    data: { psi: 0.31, top: ["site=a"] },
  });
});

const entry: AuditEvent = {
  seq: 17,
  atMs: 5,
  actor: "system",
  action: "rollout.paused",
  subject: "rollout:r-1",
  detail: '{"model":"digits","reason":"errors"}',
  previousHash: "0".repeat(64) as Sha256,
  hash: "ab".repeat(32) as Sha256,
};

test("a rollout's change of state is an event whose id comes of its entry in the audit log", () => {
  const event = rolloutEvent(entry);

  expect(event).toEqual({
    id: "rollout-17-abababababababab",
    type: "modelfleet.rollout.state",
    subject: "rollout:r-1",
    atMs: 5,
    data: {
      action: "rollout.paused",
      actor: "system",
      audit: 17,
      detail: { model: "digits", reason: "errors" },
    },
  });
  expect(EventId.safeParse(event?.id).success).toBe(true);
});

test.each([
  "execution.active",
  "api-key.created",
  "arollout.paused",
])("%s is no change of a rollout's state", (action) => {
  expect(rolloutEvent({ ...entry, action })).toBeUndefined();
});

test("a pattern is a type, the beginning of types up to a dot, or everything", () => {
  const type = "modelfleet.alert.firing";

  for (const pattern of [type, "modelfleet.alert.*", "modelfleet.*", "*"]) {
    expect(matchesTypes(type, [pattern]), pattern).toBe(true);
  }
  for (const pattern of [
    "modelfleet.alert",
    "modelfleet.rollout.*",
    "modelfleet.al*",
    "",
    "alert",
  ]) {
    expect(matchesTypes(type, [pattern]), pattern).toBe(false);
  }
  expect(matchesTypes(type, [])).toBe(false);
});
