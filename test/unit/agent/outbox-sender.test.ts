import { busLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { OutboxSender } from "../../../agent/src/app/outbox-sender.ts";
import { manualClock, settled } from "../../support/agent/manual-clock.ts";
import { outboxInMemory } from "../../support/agent/outbox-in-memory.ts";

function setUp(reports: number) {
  const outbox = outboxInMemory(reports);
  const sent: number[] = [];
  const clock = manualClock();
  const quiet = () => undefined;
  const sender = new OutboxSender({
    outbox,
    clock: { ...clock, nowMs: () => 0, chance: () => 0, randomBytes: () => new Uint8Array() },
    log: { info: quiet, warn: quiet, error: quiet },
    bus: {
      run: () => Promise.resolve(),
      connected: () => true,
      request: () => Promise.resolve(),
      publish: (_, bytes) => {
        sent.push(...bytes);
        return Promise.resolve();
      },
    },
  });
  return { outbox, sent, clock, sender };
}

test("an acknowledgement of more than was sent lets go of what was sent, and of nothing behind it", async () => {
  const { outbox, sent, sender } = setUp(busLimits.inFlightMax + 2);
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await settled();

  await sender.acknowledged("report", { boot: 9_999, seq: 0 });
  const owed = outbox.owed("report");
  stop.abort();
  await running;

  expect(sent).toHaveLength(busLimits.inFlightMax);
  expect(owed).toEqual([8, 9]);
});

test("an acknowledgement of a stream that nothing was sent of lets go of nothing", async () => {
  const { outbox, sender } = setUp(3);

  await sender.acknowledged("report", { boot: 1, seq: 2 });

  expect(outbox.owed("report")).toEqual([0, 1, 2]);
});

test("an acknowledgement of part of what was sent lets go of that part", async () => {
  const { outbox, sender } = setUp(3);
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await settled();

  await sender.acknowledged("report", { boot: 1, seq: 1 });
  const owed = outbox.owed("report");
  stop.abort();
  await running;

  expect(owed).toEqual([2]);
});
