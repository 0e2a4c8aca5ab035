import { busLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { enrolDevice } from "../support/http/enrolled-device.ts";
import { startInProcess } from "../support/http/test-controller.ts";
import { connectDevice } from "../support/mqtt/device-client.ts";
import { cam1, startTestBroker } from "../support/mqtt/test-broker.ts";

const codeUnavailable = 3;

/** Connects so often under one name; each throws the one before out. @returns the last one */
async function takeOver(url: string, times: number, options: object = {}) {
  for (let round = 1; round < times; round++) await connectDevice(url, options);
  return connectDevice(url, options);
}

test("F57: two clients with one device id are reported once, and newcomers are refused while one is there", async () => {
  let nowMs = 1_000;
  await using server = await startTestBroker({ nowMs: () => nowMs });

  await using last = await takeOver(server.url, busLimits.takeoversMax + 1);

  expect(server.duplicates).toEqual([cam1]);
  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "device.duplicate", device: "cam-1" }),
  );
  await expect(connectDevice(server.url)).rejects.toMatchObject({ code: codeUnavailable });
  expect(last.client.connected).toBe(true);

  nowMs += busLimits.takeoverPauseMsMin;
  await using newcomer = await connectDevice(server.url);
  await eventually(() => !last.client.connected);
  expect(newcomer.client.connected).toBe(true);
  await expect(connectDevice(server.url)).rejects.toMatchObject({ code: codeUnavailable });
  expect(server.duplicates).toHaveLength(1);
});

test("F57: the place of a device that has gone is free at once", async () => {
  await using server = await startTestBroker({ nowMs: () => 1_000 });
  const last = await takeOver(server.url, busLimits.takeoversMax + 1);

  await last[Symbol.asyncDispose]();

  const back = await eventually(() => connectDevice(server.url));
  expect(back.client.connected).toBe(true);
  await back[Symbol.asyncDispose]();
});

test("F57: a wrong secret takes no place and counts as nothing", async () => {
  await using server = await startTestBroker({ nowMs: () => 1_000 });
  await using device = await connectDevice(server.url);

  for (let attempt = 0; attempt < 2 * busLimits.takeoversMax; attempt++) {
    await expect(connectDevice(server.url, { password: "wrong" })).rejects.toBeDefined();
  }

  expect(device.client.connected).toBe(true);
  expect(server.duplicates).toEqual([]);
});

test("F57: the controller writes a duplicate into its audit log", async () => {
  await using controller = await startInProcess();
  const { secret } = await enrolDevice(controller, "cam-1");

  await using last = await takeOver(controller.mqttUrl, busLimits.takeoversMax + 1, {
    password: secret,
  });

  await eventually(async () => {
    const answer = await (await controller.fetch("/v1/audit")).text();
    return answer.includes("device.duplicate") && answer.includes("device:cam-1");
  });
  expect(last.client.connected).toBe(true);
});
