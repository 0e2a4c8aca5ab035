import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClaimCreated, Device } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolFolder } from "../../agent/src/enrol-folder.ts";
import { runProgram } from "../../controller/cli/program.ts";
import { runningAgent } from "../support/agent/running-agent.ts";
import { type Certified, serverCertificate } from "../support/broker/certificates.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { eventually } from "../support/eventually.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
let server: Certified;
let controller: InProcessController;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await serverCertificate();
  const [certificateFile, keyFile] = [folder.inside("server.pem"), folder.inside("server.key")];
  await writeFile(certificateFile, server.cert);
  await writeFile(keyFile, server.key);
  const mqttTls = { certificateFile, keyFile, clients: { kind: "own-authority" } } as const;
  controller = await startInProcess({ mqttTls });
});
afterAll(async () => {
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function enrol(device: string): Promise<string> {
  const claim = await controller.post("/v1/claims", { class: "cam-v2" });
  const { enrolment } = ClaimCreated.parse(await claim.json());
  const data = folder.inside(device);
  await enrolFolder(enrolment, { data, class: "cam-v2", deviceId: device }, () => undefined);
  return data;
}

function startAgent(data: string) {
  return runningAgent(data, 100, { mqttTls: { ca: server.cert, own: undefined } });
}

async function isOnline(device: string): Promise<boolean> {
  const answer = await controller.fetch(`/v1/devices/${device}`);
  return Device.parse(await answer.json()).online;
}

async function readRecord(data: string): Promise<Record<string, unknown>> {
  const text = await readFile(join(data, "identity", "enrolment.json"), "utf8");
  return JSON.parse(text) as Record<string, unknown>;
}

test("F56: an agent gets its certificate at enrolment, works by it, and is shut out when it is revoked", async () => {
  const data = await enrol("cam-1");
  expect((await readRecord(data))["certificate"]).toContain("BEGIN CERTIFICATE");
  await using agent = await startAgent(data);
  await eventually(() => isOnline("cam-1"));

  await controller.post("/v1/devices/cam-1/revoke", { reason: "stolen" });

  const refusal = { event: "device.login-refused", device: "cam-1", reason: "NOT_A_MEMBER" };
  await eventually(() =>
    expect(controller.events).toContainEqual(expect.objectContaining(refusal)),
  );
  expect(agent.events).toContainEqual(expect.objectContaining({ event: "bus.offline" }));
});

test("an agent from before there were certificates fetches its first one and goes on", async () => {
  const data = await enrol("cam-2");
  const { certificate, ...before } = await readRecord(data);
  await writeFile(join(data, "identity", "enrolment.json"), JSON.stringify(before));

  await using agent = await startAgent(data);

  await eventually(() => isOnline("cam-2"));
  expect(agent.events).toContainEqual(expect.objectContaining({ event: "certificate.renewed" }));
  // The one it has: an answer that got lost makes no second one.
  expect((await readRecord(data))["certificate"]).toBe(certificate);
  expect(agent.events.filter(({ event }) => event === "agent.defect")).toEqual([]);
});

test("a device without its certificate gets in by no secret", async () => {
  const data = await enrol("cam-3");
  const { own, ca } = { own: undefined, ca: server.cert };
  const record = await readRecord(data);
  await writeFile(
    join(data, "identity", "enrolment.json"),
    JSON.stringify({ ...record, secret: "x".repeat(43), certificate: undefined }),
  );

  await using agent = await runningAgent(data, 100, { mqttTls: { ca, own } });

  const refusal = {
    event: "device.login-refused",
    device: "cam-3",
    reason: "CERTIFICATE_EXPECTED",
  };
  await eventually(() =>
    expect(controller.events).toContainEqual(expect.objectContaining(refusal)),
  );
  expect(agent.events).toContainEqual(
    expect.objectContaining({ event: "certificate.failed", code: "REFUSED" }),
  );
});

test("an agent that does not know who made the broker's certificate says which option names him", async () => {
  const data = await enrol("cam-5");

  await using agent = await runningAgent(data, 100, { mqttTls: { ca: undefined, own: undefined } });

  const reasons = () =>
    agent.events.filter(({ event }) => event === "bus.offline").map((one) => String(one["reason"]));
  await eventually(() => reasons().length > 0);
  expect(reasons()[0]).toMatch(/name its authority with --mqtt-ca FILE$/);
});

test("broker-config writes everything a broker needs, and who is revoked", async () => {
  await enrol("cam-4");
  await controller.post("/v1/devices/cam-4/revoke", {});
  const out = folder.inside("mosquitto");

  const { exitCode, text } = await runCommand("--for", "mosquitto", "--out", out);

  expect(exitCode).toBe(0);
  const names = ["mosquitto.conf", "acl", "ca.pem", "revoked.pem"];
  const enrolNames = ["enrol.conf", "enrol-acl", "enrol-passwords"];
  expect(text.trim().split("\n")).toEqual([...names, ...enrolNames].map((name) => join(out, name)));
  expect(await readFile(join(out, "acl"), "utf8")).toContain("user cam-4\ntopic deny #\n");
  expect(await readFile(join(out, "revoked.pem"), "utf8")).toContain("BEGIN X509 CRL");
  const keys = join(controller.folder, "keys");
  expect(await readFile(join(out, "ca.pem"), "utf8")).toBe(
    await readFile(join(keys, "ca.pem"), "utf8"),
  );
  expect((await stat(join(keys, "ca.key"))).mode & 0o777).toBe(0o600);
});

test("broker-config names no file that it did not write", async () => {
  const out = folder.inside("without-enrolment");

  const { err } = await runCommand("--for", "mosquitto", "--no-enrol", "--out", out);
  const whole = await runCommand("--for", "mosquitto", "--out", out);

  expect(err).toMatch(/: mosquitto -c mosquitto\.conf\n$/);
  expect(whole.err).toContain("mosquitto -c enrol.conf");
});

test.each([
  { args: ["--for", "rabbit"], says: "expected mosquitto or emqx" },
  { args: ["--for", "emqx", "--port", "0"], says: "--port: expected a port" },
  {
    args: ["--for", "emqx", "--folder", "/etc/x\nallow_anonymous true"],
    says: "--folder: expected",
  },
  { args: ["--for", "mosquitto", "--tls-key", "relative.key"], says: "--tls-key: expected" },
  { args: ["--for", "mosquitto", "--listen", "0.0.0.0 1"], says: "--listen: expected" },
])("broker-config $args is a mistake, and says which", async ({ args, says }) => {
  const { exitCode, err } = await runCommand(...args, "--out", folder.inside("nothing"));

  expect(exitCode).toBe(2);
  expect(err).toContain(says);
  await expect(stat(folder.inside("nothing"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a controller whose devices log in by secret has no certificates to give", async () => {
  await using plain = await startInProcess();

  const { exitCode, err } = await runCommand(
    ...["--for", "mosquitto", "--out", folder.inside("nothing")],
    ...["--controller", plain.httpUrl],
  );

  expect(exitCode).toBe(1);
  expect(err).toContain("--mqtt-client-ca auto");
});

async function runCommand(...args: readonly string[]) {
  const recorded = recordedTerminal({ MODELFLEET_URL: controller.httpUrl });
  const exitCode = await runProgram(["broker-config", ...args], recorded.terminal);
  return { exitCode, text: recorded.out(), err: recorded.err() };
}
