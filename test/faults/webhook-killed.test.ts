import { WebhookCreated, WebhookDeliveryList } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { isGenuine, startReceiver, taking } from "../support/events/webhook-receiver.ts";
import { eventually } from "../support/eventually.ts";
import { MortalController } from "../support/rollout-killed/mortal-controller.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a controller killed between sending an event and writing that down sends the very same event again, and loses none", async () => {
  await using folder = await temporaryFolder();
  const controller = await MortalController.at(folder.inside("data"), folder.inside("cache"));
  let kill: () => void = () => undefined;
  // The first of them is taken, and the controller dies before it hears so.
  await using receiver = await startReceiver((got, answer) => {
    if (receiver.received.length === 1) kill();
    else taking(got, answer);
  });
  controller.start((now) => {
    kill = now;
    return undefined;
  });
  const made = await controller.post("/v1/webhooks", { url: receiver.url });
  const { webhook, secret } = WebhookCreated.parse(await made.json());
  for (let count = 0; count < 3; count++) {
    const sent = await controller.ask(`/v1/webhooks/${webhook.id}:test`, { method: "POST" });
    expect(sent.status).toBe(200);
  }

  const deliveries = await eventually(
    async () => {
      const answer = await controller.ask(`/v1/webhooks/${webhook.id}/deliveries`);
      const list = WebhookDeliveryList.parse(await answer.json()).deliveries;
      expect(list.map(({ state }) => state)).toEqual(Array(list.length).fill("delivered"));
      expect(list.length).toBeGreaterThanOrEqual(3);
      return list;
    },
    { withinMs: 60_000, everyMs: 200 },
  );

  expect(controller.kills).toBe(1);
  const [first, second] = receiver.received;
  expect(second?.body).toBe(first?.body);
  const taken = receiver.received.slice(1).map(({ event }) => event.id);
  expect(taken.toSorted()).toEqual(deliveries.map(({ event }) => event).toSorted());
  const nowSeconds = Date.now() / 1_000;
  for (const got of receiver.received) expect(isGenuine(got, secret, nowSeconds)).toBe(true);
  await controller.stop("SIGTERM");
  expect(controller.deaths).toEqual([]);
});
