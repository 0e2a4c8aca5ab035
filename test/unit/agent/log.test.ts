import { expect, test } from "vitest";
import { createLog } from "../../../agent/src/log.ts";

test("each event is one line of JSON with its level by name and its time in ISO 8601", () => {
  const lines: string[] = [];
  const log = createLog({ write: (line: string) => void lines.push(line) });

  log.info({ event: "agent.ready", device: "cam-0017" }, "agent is ready");
  log.warn({ event: "bus.offline" }, "no connection");
  log.error({ event: "agent.defect" }, "a defect");

  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ level }) => level)).toEqual(["info", "warn", "error"]);
  expect(events[0]).toMatchObject({
    event: "agent.ready",
    device: "cam-0017",
    msg: "agent is ready",
  });
  expect(events[0]?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(lines.every((line) => line.endsWith("\n"))).toBe(true);
});
