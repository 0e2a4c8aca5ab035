import { expect, test } from "vitest";
import { statusText } from "../../../agent/src/cli/status-text.ts";
import type { AgentStatus } from "../../../agent/src/domain/agent-status.ts";

const status: AgentStatus = {
  ...{ device: "cam-0017", fleet: "line-1", class: "cam-v2", controllerUrl: "http://c" },
  ...{ agentVersion: "0.1.0", agent: "running", connected: true, boot: 1, desiredSeq: 1 },
  ...{ rootVersion: 1, dropped: 0, slots: [], faults: [] },
};

test("the status for people names the root the device holds", () => {
  expect(statusText({ ...status, rootVersion: 7 })).toMatch(/^root 7$/m);
});

test("the status for people says loudly that a device is stale, and nothing of it otherwise", () => {
  expect(statusText({ ...status, stale: true })).toMatch(/^STALE: .* 14 days; what runs goes on$/m);
  expect(statusText({ ...status, stale: false })).not.toMatch(/stale/i);
  expect(statusText(status)).not.toMatch(/stale/i);
});

test("the status for people says what is wrong with the disk, and nothing of it otherwise", () => {
  const fault = { code: "STORE_FAILED", detail: "expected the disk to work, got EROFS" } as const;

  expect(statusText({ ...status, faults: [fault] })).toMatch(/^STORE_FAILED: .* got EROFS$/m);
  expect(statusText(status)).not.toMatch(/STORE_FAILED/);
});

test("the status for people shows what a slot runs, on what, how requests wait, and what was refused", () => {
  const release = (digit: string) => digit.repeat(64) as never;
  const named = (digit: string, version: string) =>
    ({ release: release(digit), model: "digits", version }) as never;
  const slot = "main" as never;

  const text = statusText({
    ...status,
    slots: [
      {
        slot,
        active: named("1", "1.0.0"),
        previous: null,
        trial: named("2", "2.0.0"),
        refused: [{ release: release("3"), code: "GOLDEN_MISMATCH", detail: "case a: off by 1" }],
      },
    ],
    runtimes: [
      {
        slot,
        release: release("1"),
        id: "onnxruntime-web",
        version: "1.30.0",
        reason: "onnxruntime-node: no such library: chosen onnxruntime-web",
      },
    ],
    held: [
      {
        ...{ slot, role: "serving", release: release("1"), model: "digits", version: "1.0.0" },
        ...{ goldenCases: 5, memoryBytes: 50 * 1024 * 1024 },
      },
      {
        ...{ slot, role: "ready", release: release("2"), model: "digits", version: "2.0.0" },
        ...{ goldenCases: 0, memoryBytes: undefined },
      },
    ],
    names: [{ release: release("3"), model: "digits", version: "3.0.0" }],
    queues: [{ slot, waiting: 3, running: 2, max: 64, policy: "drop-oldest" }],
    deferrals: [
      {
        slot,
        deferredMs: 200,
        waiting: { release: release("2"), waitedMs: 1_500.4, forcedInMs: 9_000 },
      },
    ],
    heldUp: [{ slot, release: release("2"), detail: "window", opensInMs: 7_200_000 }],
    rehearsals: [{ slot, text: "shadow: 10 of 10 agree" }],
  });

  expect(text.split("\n").slice(3)).toEqual([
    "",
    "slot main",
    "  answers   digits 1.0.0 (111111111111)",
    "  runtime   onnxruntime-web 1.30.0: onnxruntime-node: no such library: chosen onnxruntime-web",
    "  on trial  digits 2.0.0 (222222222222)",
    "  confirmed digits 1.0.0 (111111111111)",
    "  previous  none",
    "  tried     shadow: 10 of 10 agree",
    "  process   serving digits 1.0.0, 50 MiB, 5 golden",
    "  process   ready digits 2.0.0, memory unknown, unproven: it brings no golden cases",
    "  queue     3 of 64 wait, 2 run; full: drop-oldest",
    "  waits     digits 2.0.0 (222222222222) for window; it opens in 2 h",
    "  deferred  an application puts swaps off for 200 ms more",
    "            digits 2.0.0 (222222222222) has waited 1500 ms and takes its place in 9 s at the latest",
    "  refused   digits 3.0.0 (333333333333) GOLDEN_MISMATCH: case a: off by 1",
    "",
  ]);
});

test("the status for people says loudly that updates are held back, and why", () => {
  const lock = { reason: "measuring", sinceMs: Date.UTC(2026, 0, 2, 3, 4, 5) };
  const said = "LOCKED since 2026-01-02T03:04:05.000Z";

  expect(statusText({ ...status, lock })).toContain(
    `\n${said}: measuring; nothing new begins to serve\n`,
  );
  expect(statusText({ ...status, lock: { ...lock, reason: "" } })).toContain(`\n${said}; nothing`);
  expect(statusText({ ...status, lock: null })).not.toMatch(/LOCKED/);
  expect(statusText(status)).not.toMatch(/LOCKED/);
});

const running = (name: string) => ({
  slot: name as never,
  active: null,
  previous: null,
  trial: null,
  refused: [],
});

test("the status for people tells slots apart, and gives each what is its own", () => {
  const [day, none] = [86_400_000, { waiting: null }];
  const text = statusText({
    ...status,
    slots: ["main", "ocr", "voice"].map(running),
    deferrals: [
      { slot: "ocr" as never, deferredMs: 5 * 60_000, ...none },
      // What is due at once is put off by nobody.
      { slot: "voice" as never, deferredMs: 0, ...none },
    ],
    gaps: [{ slot: "voice" as never, release: "4".repeat(64) as never, gapMs: day * 3 }],
  });

  const [, main, ocr, voice] = text.split("\n\n");
  expect(main).toBe("slot main\n  answers   nobody\n  confirmed none\n  previous  none");
  expect(ocr).toMatch(/^slot ocr$/m);
  expect(ocr).toMatch(/^ {2}deferred {2}an application puts swaps off for 5 min more$/m);
  expect(voice).toMatch(/^slot voice$/m);
  expect(voice).toMatch(/^ {2}gap {7}3 d without answers, for 444444444444$/m);
  expect(voice).not.toMatch(/deferred/);
});

test("the status for people says of an agent that holds releases itself what that means", () => {
  expect(statusText({ ...status, isolation: "inline" })).toMatch(/^INLINE: .* ends the agent$/m);
  expect(statusText({ ...status, isolation: "process" })).not.toMatch(/inline/i);
});

/** A device whose slot has these releases, and on which the last one answers. */
function answering(confirmed: string | null, trial: string): AgentStatus {
  const named = (digit: string) =>
    ({ release: digit.repeat(64), model: "digits", version: `${digit}.0.0` }) as never;
  const slot = "main" as never;
  const active = confirmed === null ? null : named(confirmed);
  const runtime = { id: "onnxruntime-node", version: "1.30.0", reason: "the first" };
  return {
    ...status,
    slots: [{ slot, active, previous: null, trial: named(trial), refused: [] }],
    runtimes: [{ slot, release: trial.repeat(64) as never, ...runtime }],
  };
}

test("the status for people says who answers during a trial, and who is confirmed", () => {
  const text = statusText(answering("1", "2"));

  expect(text).toMatch(/^ {2}answers {3}digits 2\.0\.0 \(2{12}\), on trial$/m);
  expect(text).toMatch(/^ {2}confirmed digits 1\.0\.0 \(1{12}\)$/m);
});

test("the status for people says who answers after the state was lost, and nothing of that when no agent runs", () => {
  const lost = answering(null, "2");

  expect(statusText(lost)).toMatch(
    /^ {2}answers {3}digits 2\.0\.0 .*\n(.*\n)* {2}confirmed none$/m,
  );
  expect(statusText({ ...lost, agent: "stopped" })).not.toMatch(/answers/);
});

test("the memory of an agent that holds releases itself is told once", () => {
  const [slot, release] = ["main" as never, "1".repeat(64) as never];
  const held = (["serving", "standby"] as const).map((role) => ({
    ...{ slot, role, release, model: "digits", version: "1.0.0", goldenCases: 5 },
    memoryBytes: 82 * 1024 * 1024,
  }));
  const inline = { ...status, held, slots: [running("main")], isolation: "inline" } as const;

  expect(statusText(inline).match(/82 MiB/g)).toHaveLength(1);
  expect(statusText(inline)).toMatch(/^ {2}holds {5}standby digits 1\.0\.0, 5 golden$/m);
  expect(statusText({ ...inline, isolation: "process" }).match(/82 MiB/g)).toHaveLength(2);
});

test("the status for people says that requests are kept, and nothing of it where nobody allows it", () => {
  const captures = { consent: { policies: "any" }, kept: 3, dropped: 1, files: 12 } as const;

  expect(statusText({ ...status, captures })).toMatch(
    /^CAPTURE is allowed: 12 requests are kept here; since the start 3 kept, 1 passed over$/m,
  );
  expect(statusText({ ...status, captures: { ...captures, consent: null } })).not.toMatch(
    /capture/i,
  );
});

test("the status for people says how many labels were wrong, and that this has changed", () => {
  const slot = "main" as never;
  const release = "1".repeat(64) as never;
  const slots = [{ slot, active: null, previous: null, trial: null, refused: [] }];
  const counted = { slot, release, labelled: 40, errors: 9, isDrifting: true };

  const said = (labels: typeof counted) => statusText({ ...status, slots, labels: [labels] });
  expect(said(counted)).toMatch(/^ {2}labels {4}9 wrong of 40 for 1{12}; THEY HAVE CHANGED$/m);
  expect(said({ ...counted, isDrifting: false })).toMatch(
    /^ {2}labels {4}9 wrong of 40 for 1{12}$/m,
  );
  expect(said({ ...counted, labelled: 0 })).not.toMatch(/labels/);
});
