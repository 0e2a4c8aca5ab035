import { keyIdOf } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { firstRoot } from "../../../../../controller/src/domain/root/first-root.ts";
import {
  fixtureFleet,
  fixtureTimes,
  refusal,
  seedSigner,
} from "../../../../support/trust-fixtures.ts";

const key = (name: string) => seedSigner(name).publicKey;
const DAY_MS = 86_400_000;

const plan = {
  fleet: fixtureFleet,
  rootKeys: [key("a"), key("b"), key("c")],
  threshold: 2,
  releaseRules: [{ name: "default", models: ["*"], keys: [key("release")] }],
  onlineKeys: [key("online")],
  nowMs: fixtureTimes.nowMs,
  lifeMs: 365 * DAY_MS,
};

test("the first root gives each key its one role, and lasts as long as it was told", () => {
  const { version, roles, keys, issuedAt, expires } = firstRoot(plan);

  expect({ version, threshold: roles.root.threshold }).toEqual({ version: 1, threshold: 2 });
  expect(roles.root.keyids).toEqual(plan.rootKeys.map(keyIdOf));
  expect(roles.online).toEqual({ keyids: [keyIdOf(key("online"))], threshold: 1 });
  expect(Object.keys(keys)).toHaveLength(5);
  expect(Date.parse(expires) - Date.parse(issuedAt)).toBe(365 * DAY_MS);
});

describe("no first root is made", () => {
  const refused = (changes: Partial<typeof plan>) =>
    refusal(() => firstRoot({ ...plan, ...changes }));

  test("with a threshold its keys cannot meet, or none", () => {
    expect(refused({ threshold: 4 })).toBe("ROOT_DRAFT");
    expect(refused({ threshold: 0 })).toBe("ROOT_DRAFT");
    expect(refused({ threshold: 3 })).toBe("accepted");
  });

  test("of one key that is named twice to meet a threshold of two", () => {
    expect(refused({ rootKeys: [key("a"), key("a")] })).toBe("ROOT_DRAFT");
  });

  test("with a key that has two roles", () => {
    expect(refused({ onlineKeys: [key("a")] })).toBe("ROOT_DRAFT");
    expect(refused({ onlineKeys: [key("release")] })).toBe("ROOT_DRAFT");
    expect(refused({ releaseRules: [{ name: "default", models: ["*"], keys: [key("b")] }] })).toBe(
      "ROOT_DRAFT",
    );
  });

  test("of a fleet whose id is none, or with a rule for no model", () => {
    expect(refused({ fleet: "my-fleet" })).toBe("ROOT_DRAFT");
    expect(
      refused({ releaseRules: [{ name: "default", models: ["Vision"], keys: [key("release")] }] }),
    ).toBe("ROOT_DRAFT");
  });
});
