import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CertificateAuthority } from "../../controller/src/ports/certificate-authority.ts";
import {
  authorityIn,
  type Certified,
  type ClientCertificate,
  clientCertificate,
  serverCertificate,
} from "../support/broker/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { PlainClient, type PlainClientOptions } from "../support/mqtt/plain-client.ts";
import { goodSecret, startTestBroker } from "../support/mqtt/test-broker.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const hourMs = 3_600_000;

let folder: TemporaryFolder;
let authority: CertificateAuthority;
let server: Certified;
let certificate: ClientCertificate;
beforeAll(async () => {
  folder = await temporaryFolder();
  authority = await authorityIn(folder.path);
  server = await serverCertificate();
  certificate = await clientCertificate(authority, "cam-1");
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Members {
  readonly recognize?: (device: string, publicKey: Uint8Array | null) => boolean;
  readonly certifiesDeviceKeys?: boolean;
}

function startBroker({ recognize, certifiesDeviceKeys = true }: Members = {}) {
  const clients = { pem: authority.pem, certifiesDeviceKeys };
  return startTestBroker({
    tls: { certificate: server.cert, key: server.key, clients },
    ...(recognize === undefined ? {} : { recognize }),
  });
}

type Started = Awaited<ReturnType<typeof startBroker>>;

function come(
  { port }: Started,
  shown: Partial<Certified>,
  login: Partial<PlainClientOptions> = {},
): Promise<PlainClient | undefined> {
  const { cert, key } = shown;
  const tls = { ca: server.cert, cert, key };
  return PlainClient.open({ port, tls, clientId: "cam-1", username: "cam-1", ...login });
}

function refusals({ log }: Started): readonly unknown[] {
  return log.events.flatMap(({ event, reason }) =>
    event === "device.login-refused" ? [reason] : [],
  );
}

test("a device with its certificate is let in without a password, and speaks on its topics", async () => {
  await using broker = await startBroker();
  await using device = await come(broker, certificate);

  await device?.publish("mf/1/d/cam-1/up/hello", "hello");

  expect(broker.received).toMatchObject([{ topic: { device: "cam-1" }, text: "hello" }]);
});

test.each([
  { what: "no certificate", make: () => Promise.resolve({}), reason: "CERTIFICATE_EXPECTED" },
  {
    what: "an expired certificate",
    make: () => clientCertificate(authority, "cam-1", { validUntilMs: Date.now() - 1_000 }),
    reason: "CERTIFICATE_CERT_HAS_EXPIRED",
  },
  {
    what: "a certificate of the next hour",
    make: () => clientCertificate(authority, "cam-1", { validFromMs: Date.now() + hourMs }),
    reason: "CERTIFICATE_CERT_NOT_YET_VALID",
  },
  {
    what: "a certificate of another authority",
    make: () => foreignCertificate(),
    reason: "CERTIFICATE_UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  },
  {
    what: "the certificate of another device",
    make: () => clientCertificate(authority, "cam-2"),
    reason: "CERTIFICATE_NAME",
  },
  {
    what: "a certificate for its name and a NUL",
    make: () => clientCertificate(authority, "cam-1\u0000"),
    reason: "CERTIFICATE_NAME",
  },
  {
    what: "a certificate of a server",
    make: () => Promise.resolve(server),
    reason: "CERTIFICATE_DEPTH_ZERO_SELF_SIGNED_CERT",
  },
])("a client with $what is refused, the right password or not", async ({ make, reason }) => {
  await using broker = await startBroker();

  expect(await come(broker, await make(), { password: goodSecret })).toBeUndefined();

  expect(refusals(broker)).toEqual([reason]);
});

test("a certificate is good for no other client id and no other user name", async () => {
  await using broker = await startBroker();

  expect(await come(broker, certificate, { clientId: "cam-2" })).toBeUndefined();
  expect(await come(broker, certificate, { username: "cam-2" })).toBeUndefined();
  const both = { clientId: "cam-2", username: "cam-2" };
  expect(await come(broker, certificate, both)).toBeUndefined();

  expect(refusals(broker)).toEqual(["USER_NAME", "USER_NAME", "CERTIFICATE_NAME"]);
});

test("F56: the certificate of a revoked device is refused, and that of an earlier holder of the name", async () => {
  const replacement = await clientCertificate(authority, "cam-1");
  const revoked = new Set<string>();
  await using broker = await startBroker({
    recognize: (device, publicKey) =>
      !revoked.has(device) && Buffer.from(publicKey ?? []).equals(replacement.publicKey),
  });
  await using first = await come(broker, replacement);
  expect(first?.isOpen).toBe(true);
  expect(await come(broker, certificate)).toBeUndefined();

  revoked.add("cam-1");

  expect(await come(broker, replacement)).toBeUndefined();
  expect(refusals(broker)).toEqual(["NOT_A_MEMBER", "NOT_A_MEMBER"]);
});

test("of another authority the name counts, whatever key it certifies", async () => {
  const asked: unknown[] = [];
  await using broker = await startBroker({
    certifiesDeviceKeys: false,
    recognize: (device, publicKey) => asked.push([device, publicKey]) > 0,
  });

  await using device = await come(broker, certificate);

  expect(device?.isOpen).toBe(true);
  expect(asked).toEqual([["cam-1", null]]);
});

test("whoever enrols needs no certificate", async () => {
  await using broker = await startBroker();
  const clientId = `enrol.${"a".repeat(32)}`;
  const login = { clientId, username: "enrol", password: "enrol" };

  await using enroller = await come(broker, {}, login);
  await enroller?.subscribe(`mf/1/prov/${clientId}/res`);
  await enroller?.publish(`mf/1/prov/${clientId}/req`, "question");

  await eventually(() => enroller?.messages.length === 1);
});

test("without an authority for clients the password counts, inside TLS", async () => {
  const tls = { certificate: server.cert, key: server.key, clients: undefined };
  await using broker = await startTestBroker({ tls });

  expect(await come(broker, certificate)).toBeUndefined();
  expect(await come(broker, {}, { password: "wrong" })).toBeUndefined();
  await using device = await come(broker, {}, { password: goodSecret });
  expect(device?.isOpen).toBe(true);
});

test("plain MQTT at a port of TLS is refused, and what waits there does not hold the end up", async () => {
  const broker = await startBroker();
  const plain = PlainClient.open({ port: broker.port, clientId: "cam-1", username: "cam-1" });
  expect(await plain).toBeUndefined();
  const silent = connect({ host: "127.0.0.1", port: broker.port });
  const closed = new Promise((resolve) => silent.once("close", resolve));
  silent.on("error", () => undefined);
  await new Promise((resolve) => silent.once("connect", resolve));

  await broker[Symbol.asyncDispose]();

  await closed;
  const reasons = broker.log.events.map(({ reason }) => String(reason));
  expect(reasons.some((reason) => reason.startsWith("TLS "))).toBe(true);
});

async function foreignCertificate(): Promise<ClientCertificate> {
  await using elsewhere = await temporaryFolder();
  return await clientCertificate(await authorityIn(elsewhere.path), "cam-1");
}
