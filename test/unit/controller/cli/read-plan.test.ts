import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RolloutPlan, rolloutLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CliError } from "../../../../controller/cli/cli-error.ts";
import { durationKeys } from "../../../../controller/cli/plan-yaml.ts";
import { type PlanFile, readPlan } from "../../../../controller/cli/read-plan.ts";
import { cronerCalendar } from "../../../../controller/src/adapters/calendar/croner-calendar.ts";
import { checkPlan } from "../../../../controller/src/domain/rollout/pacing/check-plan.ts";
import { planWarnings } from "../../../../controller/src/domain/rollout/pacing/plan-warnings.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const HOUR_MS = 3_600_000;

async function planIn(text: string | Uint8Array): Promise<PlanFile> {
  await using folder = await temporaryFolder("modelfleet-plan-");
  const path = join(folder.path, "plan.yaml");
  writeFileSync(path, text);
  return await readPlan(path);
}

/** What is said of a file, without its folder. */
async function faultOf(text: string | Uint8Array, code = "PLAN_INVALID"): Promise<string> {
  try {
    await planIn(text);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    expect(error.code).toBe(code);
    return error.message.replace(/^.*?(?=plan\.yaml)/gmu, "");
  }
  throw new Error(`expected a refusal of ${String(text)}`);
}

describe("the example", () => {
  const path = join(import.meta.dirname, "../../../../examples/rollout-plan.yaml");

  test("is a plan that a controller accepts without a warning", async () => {
    const { plan } = await readPlan(path);

    checkPlan(plan, cronerCalendar());
    expect(planWarnings(plan)).toEqual([]);
  });

  test("means what it says", async () => {
    const { plan } = await readPlan(path);

    expect(plan.stages.map(({ size, bakeMs }) => [size, bakeMs / HOUR_MS])).toEqual([
      [{ devices: 10 }, 2],
      [{ percent: 25 }, 6],
      [{ percent: 100 }, 24],
    ]);
    expect(plan.windows).toEqual([
      { cron: "0 1 * * 2-6", durationMs: 4 * HOUR_MS, zone: "device" },
    ]);
    expect(plan.penalty).toEqual({ failuresMax: 5, withinMs: 24 * HOUR_MS, boxMs: 48 * HOUR_MS });
    expect(plan.watchMs).toBe(48 * HOUR_MS);
  });
});

test("an empty file is the plan of nothing but defaults", async () => {
  expect((await planIn("")).plan).toEqual(RolloutPlan.parse({}));
  expect((await planIn("# nothing\n")).plan).toEqual(RolloutPlan.parse({}));
});

test("JSON is read too, with durations or milliseconds", async () => {
  const { plan } = await planIn(
    '{"stages": [{"size": {"percent": 100}, "bake": "90s", "deadlineMs": 60000}]}',
  );

  expect(plan.stages[0]).toMatchObject({ bakeMs: 90_000, deadlineMs: 60_000 });
});

test("every length of time in a plan can be written as a duration", () => {
  const names = new Set<string>();
  JSON.stringify(z.toJSONSchema(RolloutPlan, { io: "input" }), (key, value: unknown) => {
    if (/Ms(?:Max)?$/.test(key)) names.add(key);
    return value;
  });

  expect([...durationKeys.values()].toSorted()).toEqual([...names].toSorted());
  for (const [friendly, name] of durationKeys) expect(name.replace("Ms", "")).toBe(friendly);
});

test("what a controller refuses is found in the file", async () => {
  const { placeOf } = await planIn("select: a==b\nstages:\n  - size: {percent: 5}\n    bake: 1m\n");
  const at = (pointer: string) => placeOf(pointer).replace(/^.*plan\.yaml/u, "");

  expect(at("/select")).toBe(":1:1");
  expect(at("/stages/0/size/percent")).toBe(":3:12");
  expect(at("/stages/0/bakeMs")).toBe(":4:5");
  expect(at("/stages/0/size/nothing/there")).toBe(":3:5");
  expect(at("/rate")).toBe(":1:1");
});

describe("what is refused, and where", () => {
  test.each([
    ["select: [\n", "plan.yaml:2:1: "],
    ["name: a\nname: b\n", "plan.yaml:2:1: Map keys must be unique"],
    ["a: &x 1\nname: *x\n", "plan.yaml:2:7: expected the value itself, not an alias"],
    ["name: !!str 5\nslot: !mine x\n", "plan.yaml:2:7: Unresolved tag"],
    ["%YAML 1.1\n---\napproval: yes\n", "plan.yaml:1:1: expected no %YAML directive"],
    ["name: a\n---\nname: b\n", "plan.yaml:2:1: "],
    ["? [a]\n: b\n", "plan.yaml:1:3: "],
    [
      "stages:\n  - size: {percent: 5}\n    bake: 5\n",
      "plan.yaml:3:5: bake: expected a duration like 90s",
    ],
    [
      "watch: 2 days\n",
      'plan.yaml:1:1: watch: expected a duration like 90s, 30m, 24h or 7d, got "2 days"',
    ],
    ["watch: 1d\nwatchMs: 5\n", "plan.yaml:2:1: expected watchMs once, got it twice"],
    ["watchMs: 1d\n", 'plan.yaml:1:1: watchMs: expected a number, got "1d"'],
    ["watch: 31d\n", "plan.yaml:1:1: watchMs: expected a number of at most"],
    ["approval: yes\n", 'plan.yaml:1:1: approval: expected true or false, got "yes"'],
    ["name: a\nbudged: {}\n", "plan.yaml:2:1: budged: expected no such member"],
    ["__proto__: {}\n", "plan.yaml:1:1: __proto__: expected no such member"],
    ["a/b~c: 1\n", "plan.yaml:1:1: a~1b~0c: expected no such member"],
    [
      "stages:\n  - size:\n      percent: 101\n",
      "plan.yaml:3:7: stages/0/size/percent: expected a number of at most 100, got 101",
    ],
    [
      "stages:\n  - size:\n      devices: 0\n",
      "plan.yaml:3:7: stages/0/size/devices: expected a number of at least 1, got 0",
    ],
    ["stages:\n  - size: 5\n", "plan.yaml:2:5: stages/0/size: expected an object, got 5"],
    [
      "rate:\n  perMinute: 5\n  perMinut: 5\n",
      "plan.yaml:3:3: rate/perMinut: expected no such member",
    ],
    ["- name: a\n", "plan.yaml:1:1: : expected an object, got a list"],
    ["just words\n", 'plan.yaml:1:1: : expected an object, got "just words"'],
  ])("%j", async (text, expected) => {
    expect((await faultOf(text)).slice(0, expected.length)).toBe(expected);
  });

  test("everything at once, a line each, and no more than a screen holds", async () => {
    const found = await faultOf(
      `${Array.from({ length: 13 }, (_, index) => `x${index}: 1`).join("\n")}\n`,
    );

    expect(found.split("\n")).toHaveLength(11);
    expect(found).toContain("plan.yaml:10:1: x9:");
    expect(found).toContain("and 3 more");
  });

  test("bytes that are no text", async () => {
    expect(await faultOf(new Uint8Array([0x6e, 0xff, 0xfe]))).toBe(
      "plan.yaml: expected text in UTF-8",
    );
  });

  test("a file as large as it may be is read, one byte more is not", async () => {
    const comment = "#".repeat(rolloutLimits.planBytesMax);

    expect((await planIn(comment)).plan).toEqual(RolloutPlan.parse({}));
    expect(await faultOf(`${comment}#`, "FILE")).toContain(
      `at most ${rolloutLimits.planBytesMax} bytes`,
    );
  });

  test.each([
    "[",
    "- ",
    '{"a":',
    "? ",
    "a: {b: [*x,",
  ])("nothing but %j over and over ends with a word about it", async (part) => {
    const text = part.repeat(Math.floor(rolloutLimits.planBytesMax / part.length));

    expect(await faultOf(text)).toMatch(/^plan\.yaml:\d+:\d+: /u);
  });
});
