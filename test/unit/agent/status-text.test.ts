import { expect, test } from "vitest";
import { statusText } from "../../../agent/src/cli/status-text.ts";
import type { AgentStatus } from "../../../agent/src/domain/agent-status.ts";

const status: AgentStatus = {
  ...{ device: "cam-0017", fleet: "line-1", class: "cam-v2", controllerUrl: "http://c" },
  ...{ agentVersion: "0.1.0", agent: "running", connected: true, boot: 1, desiredSeq: 1 },
  ...{ rootVersion: 1, dropped: 0, slots: [] },
};

test("the status for people names the root the device holds", () => {
  expect(statusText({ ...status, rootVersion: 7 })).toMatch(/^root 7$/m);
});

test("the status for people says loudly that a device is stale, and nothing of it otherwise", () => {
  expect(statusText({ ...status, stale: true })).toMatch(/^STALE: .* 14 days; what runs goes on$/m);
  expect(statusText({ ...status, stale: false })).not.toMatch(/stale/i);
  expect(statusText(status)).not.toMatch(/stale/i);
});
