import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClientLogin } from "../../controller/src/mqtt-tls-config.ts";
import { openMqttTls } from "../../controller/src/open-mqtt-tls.ts";
import {
  authorityIn,
  clientCertificate,
  serverCertificate,
} from "../support/broker/certificates.ts";
import { fixtureKeys } from "../support/controller/fixture-keys.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

let folder: TemporaryFolder;
const at = (name: string) => folder.inside(name);
beforeAll(async () => {
  folder = await temporaryFolder();
  const [server, other] = [await serverCertificate(), await serverCertificate()];
  const authority = await authorityIn(folder.path);
  await writeFile(at("server.pem"), server.cert);
  await writeFile(at("server.key"), server.key);
  await writeFile(at("other.key"), other.key);
  await writeFile(at("authority.pem"), authority.pem);
  await writeFile(at("nothing.pem"), "nothing");
  await writeFile(at("device.pem"), (await clientCertificate(authority, "cam-1")).cert);
  await writeFile(at("large.pem"), "x".repeat(16_385));
});
afterAll(() => folder[Symbol.asyncDispose]());

function openWith(
  changes: { readonly cert?: string; readonly key?: string; readonly clients?: ClientLogin } = {},
) {
  const { cert = "server.pem", key = "server.key", clients = { kind: "secret" } } = changes;
  const surroundings = {
    keyFolder: folder.path,
    keys: fixtureKeys(),
    clock: new ManualClock(fixtureTimes.nowMs),
  };
  return openMqttTls({ certificateFile: at(cert), keyFile: at(key), clients }, surroundings);
}

test.each([
  { what: "a certificate that is not there", changes: { cert: "absent.pem" }, says: "ENOENT" },
  {
    what: "a file that is no certificate",
    changes: { cert: "nothing.pem" },
    says: "--mqtt-tls-cert",
  },
  { what: "a file that is too large", changes: { cert: "large.pem" }, says: "at most 16384 bytes" },
  { what: "the key of another certificate", changes: { key: "other.key" }, says: "--mqtt-tls-key" },
  {
    what: "an authority that is not there",
    changes: { clients: { kind: "authority", file: "/absent.pem" } as const },
    says: "--mqtt-client-ca",
  },
])("$what is refused by its flag", async ({ changes, says }) => {
  await expect(openWith(changes)).rejects.toMatchObject({ code: "CONFIG" });
  await expect(openWith(changes)).rejects.toThrow(says);
});

test("another authority's certificates name devices and not their keys", async () => {
  const clients = { kind: "authority", file: at("authority.pem") } as const;

  const { tls, authority } = await openWith({ clients });

  expect(tls?.clients).toMatchObject({ certifiesDeviceKeys: false });
  expect(authority).toBeUndefined();
});

test.each(["nothing.pem", "device.pem"])("%s is no authority for clients", async (name) => {
  const clients = { kind: "authority", file: at(name) } as const;

  await expect(openWith({ clients })).rejects.toMatchObject({ code: "CONFIG" });
});

test("the own authority certifies the keys devices enrolled with", async () => {
  const { tls, authority } = await openWith({ clients: { kind: "own-authority" } });

  expect(tls?.clients).toEqual({ pem: authority?.pem, certifiesDeviceKeys: true });
});
