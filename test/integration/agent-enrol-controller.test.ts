import { readdir, readFile, stat } from "node:fs/promises";
import {
  ClaimCreated,
  type Enrolment,
  ed25519Signer,
  formatEnrolment,
  parseEnrolment,
  Sha256,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { fileIdentity } from "../../agent/src/adapters/file-store/file-identity.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { httpEnrolment } from "../../agent/src/adapters/http-client/http-enrolment.ts";
import { type ApprovalWait, enrol } from "../../agent/src/app/enrol.ts";
import { enrolFolder } from "../../agent/src/enrol-folder.ts";
import { createWriter } from "../../agent/src/open-data-folder.ts";
import { freePort } from "../support/free-port.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { recordingRelay } from "../support/recording-relay.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let controller: InProcessController;
beforeAll(async () => {
  controller = await startInProcess();
});
afterAll(() => controller[Symbol.asyncDispose]());

const quiet = () => undefined;

/** A fresh enrolment string, with changes to what it says. */
async function claim(changes: Partial<Enrolment> = {}, request: object = {}): Promise<string> {
  const answer = await controller.post("/v1/claims", { class: "cam-v2", ...request });
  const { enrolment } = ClaimCreated.parse(await answer.json());
  return formatEnrolment({ ...parseEnrolment(enrolment), ...changes });
}

const nobody = async (scheme: "http" | "mqtt") => `${scheme}://127.0.0.1:${await freePort()}`;
const filesOf = async (folder: string) => (await readdir(folder, { recursive: true })).toSorted();

test.each([
  "mqtt",
  "auto",
])("a device whose site has MQTT only enrols with --over %s", async (over) => {
  await using folder = await temporaryFolder();
  const enrolment = await claim({ controllerUrl: await nobody("http") });

  const answer = await enrolFolder(
    enrolment,
    { data: folder.path, class: "cam-v2", deviceId: `by-${over}`, over },
    quiet,
  );

  expect(answer.device).toBe(`by-${over}`);
  expect((await controller.fetch(`/v1/devices/by-${over}`)).status).toBe(200);
});

test("a device with --over http does not ask the broker", async () => {
  await using folder = await temporaryFolder();
  const enrolment = await claim({ controllerUrl: await nobody("http") });
  const options = { data: folder.path, class: "cam-v2", over: "http" };

  await expect(enrolFolder(enrolment, options, quiet)).rejects.toMatchObject({
    code: "UNREACHABLE",
  });
});

test("where neither answers, both are named", async () => {
  await using folder = await temporaryFolder();
  const [controllerUrl, brokerUrl] = [await nobody("http"), await nobody("mqtt")];
  const enrolment = await claim({ controllerUrl, brokerUrl });

  const outcome = enrolFolder(enrolment, { data: folder.path, class: "cam-v2" }, quiet);

  await expect(outcome).rejects.toMatchObject({ code: "UNREACHABLE" });
  await expect(outcome).rejects.toThrow(controllerUrl);
  await expect(outcome).rejects.toThrow(brokerUrl);
});

test("a refusal over MQTT is told in the controller's own words, and is not asked for elsewhere", async () => {
  await using folder = await temporaryFolder();
  const enrolment = await claim();
  const options = { data: folder.path, class: "cam-v3", over: "mqtt" };

  const outcome = enrolFolder(enrolment, options, quiet);

  await expect(outcome).rejects.toMatchObject({ code: "REFUSED" });
  await expect(outcome).rejects.toThrow("expected a device of class cam-v2, got cam-v3");
});

test("another way than there is, is a mistake of the command line", async () => {
  await using folder = await temporaryFolder();
  const options = { data: folder.path, class: "cam-v2", over: "post" };

  await expect(enrolFolder(await claim(), options, quiet)).rejects.toMatchObject({
    code: "FORMAT",
  });
});

test.each([
  "http",
  "mqtt",
])("F65: a string with another root than the one served over %s stops the enrolment, and nothing but the device's own key is written", async (over) => {
  await using folder = await temporaryFolder();
  const enrolment = await claim({ rootSha256: Sha256.parse("ab".repeat(32)) });
  const options = { data: folder.path, class: "cam-v2", over };

  await expect(enrolFolder(enrolment, options, quiet)).rejects.toMatchObject({
    code: "ROOT_MISMATCH",
  });
  expect(await filesOf(folder.path)).toEqual(["identity", "identity/device.seed"]);
});

test("F65: a string of another fleet stops the enrolment too", async () => {
  await using folder = await temporaryFolder();
  const fleet = parseEnrolment(await claim()).fleet.replace(/^./, (digit) =>
    digit === "0" ? "1" : "0",
  );
  const enrolment = (await claim()).replace(parseEnrolment(await claim()).fleet, fleet);

  const outcome = enrolFolder(enrolment, { data: folder.path, class: "cam-v2" }, quiet);

  await expect(outcome).rejects.toMatchObject({ code: "ROOT_MISMATCH" });
  expect(await filesOf(folder.path)).toEqual(["identity", "identity/device.seed"]);
});

test("the device's key is readable by its owner alone, and no part of it is in anything sent", async () => {
  await using folder = await temporaryFolder();
  await using http = await recordingRelay(Number(new URL(controller.httpUrl).port));
  await using mqtt = await recordingRelay(Number(new URL(controller.mqttUrl).port));
  const places = {
    controllerUrl: `http://127.0.0.1:${http.port}`,
    brokerUrl: `mqtt://127.0.0.1:${mqtt.port}`,
  };
  const byHttp = folder.inside("by-http");
  const byMqtt = folder.inside("by-mqtt");

  await enrolFolder(await claim(places), { data: byHttp, class: "cam-v2", over: "http" }, quiet);
  await enrolFolder(await claim(places), { data: byMqtt, class: "cam-v2", over: "mqtt" }, quiet);

  for (const [data, sent] of [
    [byHttp, http.sent()],
    [byMqtt, mqtt.sent()],
  ] as const) {
    const seed = await readFile(`${data}/identity/device.seed`);
    expect((await stat(`${data}/identity/device.seed`)).mode & 0o777).toBe(0o600);
    expect((await stat(`${data}/identity`)).mode & 0o777).toBe(0o700);
    expect(sent.length).toBeGreaterThan(500);
    const readable = decoded(sent);
    // What is sent of the key pair is found, so the rest would be.
    expect(readable.includes(Buffer.from(ed25519Signer(seed).publicKey))).toBe(true);
    expect(partsOf(seed).filter((part) => readable.includes(part))).toEqual([]);
  }
});

test("a device that has to be approved shows its fingerprint once, waits, and is let in", async () => {
  await using folder = await temporaryFolder();
  const data = folder.inside("waits");
  const enrolment = parseEnrolment(await claim({}, { needsApproval: true }));
  const shown: ApprovalWait[] = [];
  const pauses: number[] = [];
  const approve = async () => {
    const { device, fingerprint } = shown[0] ?? { device: "", fingerprint: "" };
    const answer = await controller.post(`/v1/devices/${device}/approve`, { fingerprint });
    expect(answer.status).toBe(200);
  };
  const clock = {
    ...systemClock,
    sleep: async (ms: number) => {
      pauses.push(ms);
      if (pauses.length === 3) await approve();
    },
  };
  const identity = fileIdentity({ fs: nodeFs, folder: data, write: createWriter() });

  const record = await enrol(
    { identity, service: httpEnrolment, clock, waits: (approval) => void shown.push(approval) },
    { enrolment, class: "cam-v2", device: undefined },
  );

  expect(shown).toMatchObject([{ device: record.device }]);
  expect(pauses).toHaveLength(3);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2_000);
});

/** Every eight bytes of a seed in a row, and their usual spellings. */
function partsOf(seed: Buffer): Buffer[] {
  return Array.from({ length: seed.length - 7 }, (_, at) => seed.subarray(at, at + 8)).flatMap(
    (part) => [
      part,
      Buffer.from(part.toString("hex")),
      Buffer.from(part.toString("hex").toUpperCase()),
    ],
  );
}

/** The bytes as they are, and everything in them that reads as base64, from each of its four beginnings, and so on. */
function decoded(sent: Buffer, depth = 4): Buffer {
  const words = depth === 0 ? [] : (sent.toString("latin1").match(/[A-Za-z0-9+/_-]{16,}/g) ?? []);
  const beginnings = words.flatMap((word) => [0, 1, 2, 3].map((skip) => word.slice(skip)));
  const spelled = beginnings.map((word) => Buffer.from(word, "base64url"));
  const deeper = spelled.length === 0 ? [] : [decoded(Buffer.concat(spelled), depth - 1)];
  return Buffer.concat([sent, ...deeper]);
}
