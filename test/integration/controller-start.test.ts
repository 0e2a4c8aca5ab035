import { readdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { startController } from "../../controller/src/main.ts";
import { freePort } from "../support/free-port.ts";
import { startInProcess, testConfig } from "../support/http/test-controller.ts";
import { recordingLog } from "../support/mqtt/recording-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const surroundings = {
  log: { ...recordingLog(), fatal: () => undefined },
  onDefect: (error: unknown) => {
    throw error;
  },
};

test("a controller says where it listens, and warns of what --dev weakens", async () => {
  await using controller = await startInProcess();

  const events = controller.events.map(({ event }) => event);

  expect(events.filter((event) => event === "controller.listening")).toHaveLength(1);
  expect(controller.events).toContainEqual(
    expect.objectContaining({
      event: "controller.listening",
      httpUrl: controller.httpUrl,
      mqttUrl: controller.mqttUrl,
    }),
  );
  expect(controller.events).toContainEqual(
    expect.objectContaining({ event: "dev.insecure", level: "warn" }),
  );
});

test("a second controller on a data folder is refused, and the first goes on", async () => {
  await using controller = await startInProcess();

  await expect(startController(testConfig(controller.folder), surroundings)).rejects.toMatchObject({
    code: "DATA_FOLDER_IN_USE",
  });

  expect((await controller.fetch("/health/ready")).status).toBe(200);
});

test("a folder whose controller has stopped can be taken again, with everything in it", async () => {
  await using folder = await temporaryFolder();
  const config = testConfig(folder.inside("controller"));
  const first = await startController(config, surroundings);
  await fetch(`${first.httpUrl}/v1/claims`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"class":"cam"}',
  });
  await first.close();

  const second = await startController(config, surroundings);

  const answer = await fetch(`${second.httpUrl}/v1/claims`);
  expect(await answer.json()).toMatchObject({ claims: [{ class: "cam" }] });
  await second.close();
});

test("a second controller on the MQTT port is refused by name, and leaves its own folder free", async () => {
  await using controller = await startInProcess();
  await using folder = await temporaryFolder();
  const mqttPort = Number(new URL(controller.mqttUrl).port);
  const config = { ...testConfig(folder.inside("other")), mqttPort };

  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(startController(config, surroundings)).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining("--mqtt-port") as string,
    });
  }

  expect((await controller.fetch("/health/ready")).status).toBe(200);
});

test("a second controller on the HTTP port is refused by name, and frees the MQTT port again", async () => {
  await using controller = await startInProcess();
  await using folder = await temporaryFolder();
  const httpPort = Number(new URL(controller.httpUrl).port);
  const config = { ...testConfig(folder.inside("other")), httpPort, mqttPort: await freePort() };

  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(startController(config, surroundings)).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining("--http-port") as string,
    });
  }

  expect((await controller.fetch("/health/ready")).status).toBe(200);
});

test("a controller without --dev and without keys says which file it wants", async () => {
  await using folder = await temporaryFolder();
  const config = { ...testConfig(folder.path), isDev: false };

  await expect(startController(config, surroundings)).rejects.toMatchObject({
    code: "KEY_MISSING",
    message: expect.stringContaining("root.json") as string,
  });
});

test("a data folder that cannot be made is named", async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.inside("file"), "");
  const config = testConfig(folder.inside("file", "controller"));

  await expect(startController(config, surroundings)).rejects.toMatchObject({
    code: "DATA_FOLDER_UNUSABLE",
    message: expect.stringContaining("--data") as string,
  });
});

test("after closing, nothing but the data is left in the folder", async () => {
  await using folder = await temporaryFolder();
  const controller = await startController(testConfig(folder.path), surroundings);
  await controller.close();

  expect((await readdir(folder.path)).sort()).toEqual([
    "blobs",
    "controller.sqlite",
    "keys",
    "lock",
  ]);
});
