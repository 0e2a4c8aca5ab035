import {
  ClaimCreated,
  claimMac,
  DeviceId,
  encodeBase64,
  encodePayload,
  parseEnrolment,
  payloadTypes,
  signEnvelope,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolFolder } from "../../agent/src/enrol-folder.ts";
import { nonceOf } from "../support/controller/simulated-device.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { connectDevice } from "../support/mqtt/device-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { seedSigner } from "../support/trust-fixtures.ts";

const names = [
  ...["#", "+", "a/b", "$SYS", "%u", "..", "a".repeat(300), "CAM-0017"],
  ...["a+b", "a#b", "ab", "-ab", "a".repeat(64), "cam\u00000017", "cäm-17", "__proto__", "enrol"],
].map((name) => ({ name, shown: JSON.stringify(name.slice(0, 12)) }));

let controller: InProcessController;
let enrolment: string;
beforeAll(async () => {
  controller = await startInProcess();
  const claim = await controller.post("/v1/claims", { class: "cam-v2", uses: 100 });
  ({ enrolment } = ClaimCreated.parse(await claim.json()));
});
afterAll(() => controller[Symbol.asyncDispose]());

const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;
const enrolAs = (device: string) => {
  const { claimId, claimSecret } = parseEnrolment(enrolment);
  const signer = seedSigner(`names ${device}`);
  const payload = encodePayload({
    ...{ type: "enrol", spec: 1, claimId, class: "cam-v2", device, nonce: nonceOf(1) },
    publicKey: encodeBase64(signer.publicKey),
  });
  const envelope = encodeBase64(signEnvelope(payloadTypes.enrol, payload, [signer]));
  return { envelope, mac: encodeBase64(claimMac(claimSecret, payload)) };
};

test.each(
  names,
)("F55: the name $shown is refused at enrolment, by the controller and by the agent", async ({
  name,
}) => {
  await using folder = await temporaryFolder();

  const answer = await controller.post("/v1/enrol", enrolAs(name));

  expect([answer.status, await codeOf(answer)]).toEqual([400, "ENROL_INVALID"]);
  const options = { data: folder.path, deviceId: name, class: "cam-v2" };
  const agent = enrolFolder(enrolment, options, () => undefined);
  await expect(agent).rejects.toMatchObject({ code: "FORMAT" });
});

test.each(names)("F55: the name $shown is refused by every route that takes one", async ({
  name,
}) => {
  const path = `/v1/devices/${encodeURIComponent(name)}`;
  const target = { device: name };
  const fingerprint = Array.from({ length: 8 }, () => "0000").join("-");
  const answers = [
    await controller.fetch(path),
    await controller.post(`${path}/revoke`, {}),
    await controller.post(`${path}/approve`, { fingerprint }),
    await controller.post("/v1/claims", { class: "cam-v2", device: name }),
    await controller.post("/v1/deployments", { model: "m", version: "1.0.0", target }),
  ];

  for (const answer of answers) {
    expect([400, 404, 414]).toContain(answer.status);
    const code = await codeOf(answer);
    expect(["REQUEST_INVALID", "ROUTE_UNKNOWN", "URL_TOO_LONG"]).toContain(code);
  }
  expect(controller.defects).toEqual([]);
});

test.each(names)("F55: the name $shown is refused by the broker", async ({ name }) => {
  const login = connectDevice(controller.mqttUrl, { id: name });

  await expect(login).rejects.toBeDefined();
});

test("F55: a name at each end of what is allowed is taken, and no other is there", async () => {
  const shortest = "a-1";
  const longest = "a".repeat(63);
  for (const name of [shortest, longest]) {
    expect((await controller.post("/v1/enrol", enrolAs(name))).status).toBe(200);
  }

  const list = (await (await controller.fetch("/v1/devices")).json()) as {
    devices: { id: string }[];
  };
  expect(list.devices.map(({ id }) => DeviceId.parse(id))).toEqual([shortest, longest]);
});
