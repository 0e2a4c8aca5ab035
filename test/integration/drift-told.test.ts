import { digest8, type Sha256, WebhookCreated } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { webhookSender } from "../../controller/src/adapters/webhook-http/webhook-sender.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import type { ExportedCell } from "../../controller/src/domain/export/exported-cell.ts";
import { otlpMetrics } from "../../controller/src/domain/export/otlp-metrics.ts";
import { fixtureKeys } from "../support/controller/fixture-keys.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";
import { isGenuine, startReceiver } from "../support/events/webhook-receiver.ts";
import { readOtlp } from "../support/otlp/read-otlp.ts";

/** Two devices of one hall, both shifted from the beginning, over so many cells. */
async function shiftedHall(world: DriftWorld, release: Sha256, cells: number) {
  const devices = [
    await world.device("hall-0", { hall: "south" }),
    await world.device("hall-1", { hall: "south" }),
  ];
  for (let cell = 0; cell < cells; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    const shift = { feature: 0, by: 1 };
    for (const device of devices) {
      await world.send(device, [world.window(release, { startMs, items: 600, shift })]);
    }
    await world.judge(startMs);
  }
  return devices;
}

test("each cohort of a cell that was judged goes to the collector once, count for count, and what comes late does not", async () => {
  const offered: ExportedCell[] = [];
  const exportCells = (cells: readonly ExportedCell[]) => void offered.push(...cells);
  await using world = await driftWorld({ over: () => ({ exportCells }) });
  const release = await world.publish();
  const [device] = await shiftedHall(world, release, 1);
  const sent = world.window(release, { startMs: driftStartMs, items: 600 });

  const { sums, gauges, histograms } = readOtlp(
    JSON.stringify(otlpMetrics(fixtureKeys().root().document.fleet, offered)),
  );

  const cohorts = ["class=cam-v2", "fleet", "hall=south"];
  const cohortOf = ({ attributes }: { readonly attributes: Readonly<Record<string, string>> }) =>
    attributes["modelfleet.cohort"];
  expect(sums[0]?.points.map(cohortOf).toSorted()).toEqual(cohorts);
  for (const { value } of sums[0]?.points ?? []) expect(value).toBe(BigInt(2 * sent.requests));
  const counts = histograms[0]?.points.map(({ count }) => count);
  expect(counts).toEqual(cohorts.map(() => BigInt(2 * sent.requests)));
  const psi = gauges.find(({ name }) => name === "modelfleet.drift.psi");
  expect(new Set(psi?.points.map(cohortOf))).toEqual(new Set(cohorts));
  expect(Math.max(...(psi?.points.map(({ value }) => Number(value)) ?? []))).toBeGreaterThan(0.25);

  if (device === undefined) throw new Error("expected a device");
  await world.send(device, [world.window(release, { startMs: driftStartMs, items: 600 })]);
  expect(await world.judge(driftStartMs)).toBe(1);
  expect(offered).toHaveLength(cohorts.length);
});

test("an alert that fires is a signed event at the webhook that asked for alerts", async () => {
  await using receiver = await startReceiver();
  const sender = webhookSender(["127.0.0.0/8"]);
  await using world = await driftWorld({ over: () => ({ sender }) });
  const release = await world.publish();
  const made = await world.app.useCases.addWebhook.run(
    { url: receiver.url, types: ["modelfleet.alert.*"], description: "", enabled: true },
    localPrincipal,
  );
  const { secret } = WebhookCreated.parse(made);

  await shiftedHall(world, release, 4);
  await world.app.deliveries.tick();

  const [fired] = receiver.received;
  expect(fired?.event).toMatchObject({
    type: "modelfleet.alert.firing",
    data: { release, model: "vision.defects" },
  });
  expect(fired?.event.id).toContain(digest8(release));
  expect(fired && isGenuine(fired, secret, world.clock.nowMs() / 1_000)).toBe(true);
  expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(
    receiver.received.length,
  );
});
