import { exchangeLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { ExchangeWatch } from "../../../agent/src/app/exchange-watch.ts";
import { manualClock, settled } from "../../support/agent/manual-clock.ts";

const [first, second] = [Buffer.from("first order"), Buffer.from("second order")];
const [nonceA, nonceB] = ["QUFBQUFBQUFBQUFBQUFBQQ==", "QkJCQkJCQkJCQkJCQkJCQg=="];

/** A folder in memory, and what the watch made of it. */
async function rig(lies: { order?: Uint8Array | undefined; nonce?: string | undefined }) {
  const clock = {
    ...manualClock(),
    nowMs: () => 0,
    chance: () => 0,
    randomBytes: () => Buffer.alloc(16),
  };
  const trouble: { order?: Error; forget?: Error } = {};
  const delivered: string[] = [];
  const warnings: string[] = [];
  const exchange = {
    order: async () => {
      if (trouble.order !== undefined) throw trouble.order;
      return Promise.resolve(lies.order);
    },
    nonce: () => Promise.resolve(lies.nonce),
    forgetNonce: async () => {
      if (trouble.forget !== undefined) throw trouble.forget;
      lies.nonce = undefined;
      return Promise.resolve();
    },
  };
  const note = () => undefined;
  const log = {
    info: note,
    error: note,
    warn: ({ event }: { event: string }) => void warnings.push(event),
  };
  const watch = new ExchangeWatch({ exchange, clock, log });
  const stop = new AbortController();
  const done = watch.run(
    (bytes) => void delivered.push(Buffer.from(bytes).toString()),
    stop.signal,
  );
  await settled();
  return {
    ...{ watch, delivered, warnings, trouble, lies },
    look: () => clock.advance(exchangeLimits.pollMs),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

test("an order that lies there is handed on once, with the nonce of the hello it may answer", async () => {
  await using held = await rig({ order: first, nonce: nonceA });
  await held.look();
  await held.look();

  expect(held.delivered).toEqual(["first order"]);
  expect(held.watch.nonce()).toBe(nonceA);
});

test("another order is handed on; so is one that was taken away and laid there again", async () => {
  await using held = await rig({ order: first });
  held.lies.order = second;
  await held.look();
  held.lies.order = undefined;
  await held.look();
  held.lies.order = second;
  await held.look();

  expect(held.delivered).toEqual(["first order", "second order", "second order"]);
  expect(held.watch.nonce()).toBeNull();
});

test("an answered nonce is not taken twice, and its file is removed", async () => {
  await using held = await rig({ order: first, nonce: nonceA });
  held.watch.answered(nonceB);
  expect(held.watch.nonce()).toBe(nonceA);

  held.watch.answered(nonceA);
  expect(held.watch.nonce()).toBeNull();
  await held.look();
  expect(held.lies.nonce).toBeUndefined();
});

test("the nonce of a hello that was carried away after the answer stays", async () => {
  await using held = await rig({ order: first, nonce: nonceA });
  held.watch.answered(nonceA);
  held.lies.nonce = nonceB;
  held.lies.order = second;
  await held.look();

  expect(held.lies.nonce).toBe(nonceB);
  expect(held.watch.nonce()).toBe(nonceB);
});

test("a used nonce that cannot be removed is not taken again, and orders are still looked for", async () => {
  await using held = await rig({ order: first, nonce: nonceA });
  held.trouble.forget = new Error("EROFS");
  held.watch.answered(nonceA);
  held.lies.order = second;
  await held.look();
  await held.look();

  expect(held.delivered).toEqual(["first order", "second order"]);
  expect(held.watch.nonce()).toBeNull();
  expect(held.warnings).toEqual(["exchange.failed"]);
});

test("a folder that cannot be read does not end the watch", async () => {
  await using held = await rig({});
  held.trouble.order = new Error("EIO");
  await held.look();
  delete held.trouble.order;
  held.lies.order = first;
  await held.look();

  expect(held.delivered).toEqual(["first order"]);
  expect(held.warnings).toEqual(["exchange.failed"]);
});
