import { logLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { pacedLog } from "../../../agent/src/app/paced-log.ts";
import type { LogEvent } from "../../../agent/src/ports/log.ts";
import { manualClock } from "../../support/agent/manual-clock.ts";

const { burstMax, everyMs } = logLimits;

function setUp() {
  const clock = manualClock();
  const lines: LogEvent[] = [];
  const write = (event: LogEvent) => void lines.push(event);
  const log = pacedLog({ info: write, warn: write, error: write }, clock);
  const refuse = (count: number) => {
    for (let i = 0; i < count; i++) log.warn({ event: "desired.refused", code: "FORMAT" }, "no");
    return lines.splice(0);
  };
  return { clock, lines, log, refuse };
}

test("a broker that sends garbage without end fills no log: so many lines at once, then one now and then", async () => {
  const { clock, refuse } = setUp();

  expect(refuse(burstMax)).toEqual(
    Array(burstMax).fill({ event: "desired.refused", code: "FORMAT" }),
  );
  expect(refuse(9_000)).toEqual([]);
  await clock.advance(everyMs - 1);
  expect(refuse(1)).toEqual([]);
  await clock.advance(1);
  expect(refuse(3)).toEqual([{ event: "desired.refused", code: "FORMAT", leftOut: 9_001 }]);
  await clock.advance(everyMs);
  expect(refuse(1)).toEqual([{ event: "desired.refused", code: "FORMAT", leftOut: 2 }]);
});

test("after a silence there is room for as many lines as at the start, and for no more", async () => {
  const { clock, refuse } = setUp();
  refuse(burstMax + 5);

  await clock.advance(1_000 * everyMs);

  const lines = refuse(burstMax + 5);
  expect(lines).toHaveLength(burstMax);
  expect(lines.filter(({ leftOut }) => leftOut !== undefined)).toMatchObject([{ leftOut: 5 }]);
});

test("each event has a pace of its own, and what no broker causes at will has none", () => {
  const { log, lines, refuse } = setUp();
  refuse(burstMax + 1);

  log.info({ event: "desired.stale" }, "an old one");
  for (let i = 0; i < 2 * burstMax; i++) log.error({ event: "runner.ended" }, "it ended");

  expect(lines.filter(({ event }) => event === "desired.stale")).toHaveLength(1);
  expect(lines.filter(({ event }) => event === "runner.ended")).toHaveLength(2 * burstMax);
});
