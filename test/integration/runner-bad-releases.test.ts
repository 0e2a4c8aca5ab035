import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { badReleases } from "../support/agent/bad-releases.ts";

const program = fileURLToPath(
  new URL("../support/agent/bad-releases-supervisor.ts", import.meta.url),
);
const MIB = 1024 * 1024;

type Outcome = {
  readonly verdicts: Readonly<Record<string, string>>;
  readonly failures: readonly string[];
  /** How many answers had these bits. */
  readonly answers: readonly (readonly [string, number])[];
  readonly grownBytes: number;
};

/** One device is given all of them, in a process of its own whose memory is measured. */
let outcome: Outcome;
beforeAll(async () => {
  const flags = ["--conditions=modelfleet-source", "--no-warnings", "--expose-gc"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
  outcome = JSON.parse(stdout) as Outcome;
}, 60_000);

describe("F43, F44, F45, F46: a release is refused, with its code and the evidence", () => {
  test.each(Object.entries(badReleases))("%s", (name, { code, words }) => {
    const verdict = outcome.verdicts[name] ?? "nothing";

    expect(verdict.split(" ")[0]).toBe(code);
    expect(verdict).toContain(words);
  });
});

test("S4: the release that serves answers every request meanwhile, each with the same bits", () => {
  expect(outcome.failures).toEqual([]);
  expect(outcome.answers).toHaveLength(1);
  // One request at a time, a millisecond between two.
  expect(outcome.answers[0]?.[1]).toBeGreaterThan(500);
});

test("F45: the process that gives answers out grows by less than 20 MB, whatever a release wants", () => {
  expect(outcome.grownBytes).toBeLessThan(20 * MIB);
});
