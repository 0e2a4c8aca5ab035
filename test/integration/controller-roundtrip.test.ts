import {
  Deployment,
  Device,
  type HelloMessage,
  openEnvelope,
  openPinnedRoot,
  payloadTypes,
  roleOf,
  sha256,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type EnrolledDevice, enrolDevice } from "../support/http/enrolled-device.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { publishSmall } from "../support/http/upload-form.ts";
import { connectDevice, type DeviceClient } from "../support/mqtt/device-client.ts";

async function connect(
  controller: InProcessController,
  { secret }: EnrolledDevice,
): Promise<DeviceClient> {
  const will = {
    topic: "mf/1/d/cam-1/up/online",
    payload: Buffer.from(JSON.stringify({ v: 1, boot: 1, online: false, reason: "will" })),
    qos: 1,
    retain: true,
  } as const;
  const connection = await connectDevice(controller.mqttUrl, { password: secret, will });
  await connection.client.subscribeAsync("mf/1/d/cam-1/dn/#", { qos: 1 });
  return connection;
}

async function deviceOf(controller: InProcessController): Promise<Device> {
  return Device.parse(await (await controller.fetch("/v1/devices/cam-1")).json());
}

/** The `desired` documents a device has received, each checked against the fleet's root. */
async function desiredOf(
  controller: InProcessController,
  { authorization }: EnrolledDevice,
  { messages }: DeviceClient,
) {
  const answer = await controller.fetch("/v1/device/root/1", { headers: { authorization } });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const { payload } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { payload: string };
  const root = openPinnedRoot(bytes, sha256(Buffer.from(payload, "base64")));
  return messages
    .filter(({ topic }) => topic.endsWith("/dn/desired"))
    .map(({ text }) =>
      openEnvelope(Buffer.from(text), payloadTypes.desired, roleOf(root, "online")),
    )
    .map((opened) => JSON.parse(Buffer.from(opened.payload).toString("utf8")) as object);
}

test("a device enrols, logs in, says hello, and gets its desired state with its nonce", async () => {
  await using controller = await startInProcess();
  const enrolled = await enrolDevice(controller);
  await using connection = await connect(controller, enrolled);
  const issuedAt = new Date().toISOString().replace(/\.\d+/, "");
  const hello: Partial<HelloMessage> = { issuedAt };

  await connection.client.publishAsync(
    "mf/1/d/cam-1/up/online",
    JSON.stringify({ v: 1, boot: 1, online: true, reason: "start" }),
    { qos: 1, retain: true },
  );
  await connection.client.publishAsync(
    "mf/1/d/cam-1/up/hello",
    Buffer.from(enrolled.device.hello(hello)),
    { qos: 1 },
  );

  await eventually(() => connection.messages.length > 0);
  const [desired] = await desiredOf(controller, enrolled, connection);
  expect(desired).toMatchObject({
    device: "cam-1",
    models: [],
    nonce: expect.any(String) as string,
  });
  await eventually(async () => (await deviceOf(controller)).online);
  expect(await deviceOf(controller)).toMatchObject({ agentVersion: "0.1.0", boot: 1 });
});

test("a deployment reaches a connected device, and its report the deployment; a lost connection shows", async () => {
  await using controller = await startInProcess();
  const enrolled = await enrolDevice(controller);
  const release = await publishSmall(controller);
  await using connection = await connect(controller, enrolled);
  const now = () => new Date().toISOString().replace(/\.\d+/, "");
  const send = (stream: string, bytes: Uint8Array) =>
    connection.client.publishAsync(`mf/1/d/cam-1/up/${stream}`, Buffer.from(bytes), { qos: 1 });
  const online = JSON.stringify({ v: 1, boot: 1, online: true, reason: "start" });
  await send("online", Buffer.from(online));
  await send("hello", enrolled.device.hello({ issuedAt: now() }));
  await eventually(() => connection.messages.length === 1);

  const target = { device: "cam-1" };
  const body = { model: "vision.defects", version: "1.0.0", target };
  const answer = await controller.post("/v1/deployments", body);

  expect(answer.status).toBe(201);
  const deployment = Deployment.parse(await answer.json());
  await eventually(() => connection.messages.length === 2);
  const desired = (await desiredOf(controller, enrolled, connection)).at(-1);
  expect(desired).toMatchObject({ models: [{ slot: "main", release: release.release }] });

  const item = {
    slot: "main",
    release: release.release,
    model: "vision.defects",
    version: "1.0.0",
    step: "confirmed",
  };
  await send("report", enrolled.device.report({ issuedAt: now(), desiredSeq: 2, items: [item] }));
  await eventually(() => connection.messages.some(({ topic }) => topic.endsWith("/dn/ack")));
  const shown = await controller.fetch(`/v1/deployments/${deployment.id}`);
  expect(Deployment.parse(await shown.json()).devices).toMatchObject([{ step: "confirmed" }]);

  connection.client.stream.destroy();
  await eventually(async () => !(await deviceOf(controller)).online);
});

test("a device of the fleet cannot log in with the secret of another", async () => {
  await using controller = await startInProcess();
  const { secret } = await enrolDevice(controller, "cam-1");
  await enrolDevice(controller, "cam-2");

  await expect(
    connectDevice(controller.mqttUrl, { id: "cam-2", password: secret }),
  ).rejects.toMatchObject({ code: 4 });
});

test("a claim that is used up is a problem with its code", async () => {
  await using controller = await startInProcess();
  const claim = await controller.post("/v1/claims", { class: "cam-v2" });
  const { enrolment } = (await claim.json()) as { enrolment: string };
  const { device: one } = await enrolDevice(controller, "cam-1");
  const first = await controller.post("/v1/enrol", one.enrolRequest(enrolment));
  expect(first.status).toBe(200);

  const { device: two } = await enrolDevice(controller, "cam-2");
  const second = await controller.post("/v1/enrol", two.enrolRequest(enrolment));

  expect(second.status).toBe(403);
  expect(await second.json()).toMatchObject({ code: "CLAIM_USED" });
});
