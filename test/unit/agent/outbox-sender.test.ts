import { busLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { OutboxSender } from "../../../agent/src/app/outbox-sender.ts";
import { manualClock, settled } from "../../support/agent/manual-clock.ts";
import { outboxInMemory } from "../../support/agent/outbox-in-memory.ts";

function setUp(reports: number, batches = 0) {
  const outbox = outboxInMemory(reports, batches);
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

  await sender.acknowledged("report", { boot: 9_999, seq: 0 }, undefined);
  const owed = outbox.owed("report");
  stop.abort();
  await running;

  expect(sent).toHaveLength(busLimits.inFlightMax);
  expect(owed).toEqual([8, 9]);
});

test("an acknowledgement of a stream that nothing was sent of lets go of nothing", async () => {
  const { outbox, sender } = setUp(3);

  await sender.acknowledged("report", { boot: 1, seq: 2 }, undefined);

  expect(outbox.owed("report")).toEqual([0, 1, 2]);
});

test("an acknowledgement of part of what was sent lets go of that part", async () => {
  const { outbox, sender } = setUp(3);
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await settled();

  await sender.acknowledged("report", { boot: 1, seq: 1 }, undefined);
  const owed = outbox.owed("report");
  stop.abort();
  await running;

  expect(owed).toEqual([2]);
});

test("what lies before the first one of an acknowledgement is owed, and sent again soon", async () => {
  const { outbox, sent, clock, sender } = setUp(6);
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await settled();
  await clock.advance(busLimits.resendPauseMsMin);

  await sender.acknowledged("report", { boot: 1, seq: 5 }, { boot: 1, seq: 3 });
  await settled();
  const owed = outbox.owed("report");
  stop.abort();
  await running;

  expect(owed).toEqual([0, 1, 2]);
  expect(sent).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2]);
});

test("many acknowledgements that miss the same one make it sent once in a while", async () => {
  const { sent, clock, sender } = setUp(6);
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await settled();
  await clock.advance(busLimits.resendPauseMsMin);

  for (const seq of [2, 3, 4, 5]) {
    await sender.acknowledged("report", { boot: 1, seq }, { boot: 1, seq: 2 });
    await settled();
  }
  stop.abort();
  await running;

  expect(sent).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 3, 4, 5]);
});

test("acknowledgements of one stream do not keep the other from being sent again", async () => {
  const { sent, clock, sender } = setUp(2, 1);
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  await settled();

  await clock.advance(busLimits.ackWaitMsMax - 1);
  await sender.acknowledged("tele", { boot: 1, seq: 0 }, undefined);
  await settled();
  expect(sent).toEqual([0, 1, 100]);
  await clock.advance(1);
  await settled();
  stop.abort();
  await running;

  expect(sent).toEqual([0, 1, 100, 0, 1]);
});
