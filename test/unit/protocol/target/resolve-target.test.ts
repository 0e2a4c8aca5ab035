import { resolveTarget, TargetFile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const base = {
  schema: 1,
  id: "base",
  name: "Base",
  class: "gateway",
  tier: 1,
  match: [{ dmi: "sys_vendor", equals: "Base" }],
  platform: { os: "linux", arch: "arm64", libc: { family: "glibc", min: "2.28" } },
  node: { vendored: "24.x", min: "20.19" },
  runtimes: [{ id: "onnxruntime-node", range: ">=1.22 <2", providers: ["cpu"] }],
  budgets: { agentReserveMiB: 160, keepReleases: 2, sessions: 2, minFreeDiskMiB: 256 },
  storage: { medium: "any", dailyWriteMiB: 1024 },
  network: { metered: false, telemetryKiBPerHour: 512 },
  packaging: ["tar"],
  init: { systemd: ">=247" },
  emulation: { qemu: "aarch64", cpu: "cortex-a72", sysroot: "debian-12" },
  knownIssues: [issue("of the base")],
  verified: [
    { date: "2026-11-01", agent: "0.1.0", runtime: "x 1.0.0", how: "native", result: "passed" },
  ],
};
const board = {
  schema: 1,
  id: "board",
  extends: "base",
  name: "Board",
  class: "sbc",
  tier: 2,
  platform: { cpu: { core: "cortex-a72" } },
  budgets: { ramMiB: 1024, sessions: 1 },
  knownIssues: [issue("of the board")],
};

describe("a board says what its base does not", () => {
  const resolved = resolveTarget("board", files(base, board));

  test("parts merge field by field, lists come from the base whole", () => {
    expect(resolved).toMatchObject({
      id: "board",
      tier: 2,
      class: "sbc",
      platform: { ...base.platform, cpu: { core: "cortex-a72" } },
      budgets: { ...base.budgets, ramMiB: 1024, sessions: 1 },
      runtimes: base.runtimes,
    });
  });

  test("known issues of both count", () => {
    expect(resolved.knownIssues.map(({ symptom }) => symptom)).toEqual([
      "of the board",
      "of the base",
    ]);
  });

  test("probes, emulation and proofs of the base are not the board's", () => {
    expect(resolved).toMatchObject({ match: [], verified: [] });
    expect(resolved.emulation).toBeUndefined();
  });
});

describe("a target is refused", () => {
  test("when its base does not exist", () => {
    expect(() => resolveTarget("board", files(board))).toThrow('expected a file for "base"');
  });

  test("when its bases form a ring", () => {
    const ring = files({ ...base, extends: "board" }, board);

    expect(() => resolveTarget("board", ring)).toThrow("at most 4 files in a row");
  });

  test("when something is said nowhere", () => {
    const { network: _, ...silent } = base;

    expect(() => resolveTarget("board", files(silent, board))).toThrow(/network/);
  });

  test("when a file has a field nobody knows", () => {
    expect(TargetFile.safeParse({ ...board, ramMb: 1 }).success).toBe(false);
  });
});

function files(...parts: readonly object[]): readonly TargetFile[] {
  return parts.map((part) => TargetFile.parse(part));
}

function issue(symptom: string): object {
  return { runtime: "onnxruntime-node", range: "*", symptom, ref: "x", effect: "note" };
}
