import { X509Certificate } from "node:crypto";
import { chmod, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { certificateLimits, DeviceId } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openFleetAuthority } from "../../controller/src/adapters/certificates/fleet-authority.ts";
import { FetchCertificate } from "../../controller/src/app/fleet/fetch-certificate.ts";
import { ShowClientTrust } from "../../controller/src/app/fleet/show-client-trust.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
} from "../support/controller/controller-world.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

const dayMs = 86_400_000;
const cam = DeviceId.parse("cam-0017");

function openIn(folder: string) {
  const clock = new ManualClock(fixtureTimes.nowMs);
  return openFleetAuthority(folder, { fleet: "a fleet", clock });
}

async function worldWithAuthority() {
  await using folder = await temporaryFolder();
  return await controllerWorld({ authority: await openIn(folder.path) });
}

function certificateOf(world: ControllerWorld): Promise<string> {
  return new FetchCertificate(world).run(cam);
}

async function revokedSerials(world: ControllerWorld): Promise<string> {
  const { revocationList } = await new ShowClientTrust(world).run();
  const der = revocationList.replaceAll(/-----.*-----|\s/g, "");
  return Buffer.from(der, "base64").toString("hex");
}

test("an authority is made once, and its certificates are for clients of that name and key", async () => {
  await using folder = await temporaryFolder();
  const first = await openIn(folder.path);
  const again = await openIn(folder.path);
  expect(again.pem).toBe(first.pem);
  await using world = await controllerWorld({ authority: again });
  const device = await enrolled(world);

  const certificate = new X509Certificate(await certificateOf(world));

  const authority = new X509Certificate(first.pem);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(certificate.subject).toBe("CN=cam-0017");
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  const { x } = certificate.publicKey.export({ format: "jwk" });
  expect(Buffer.from(x ?? "", "base64url")).toEqual(Buffer.from(device.signer.publicKey));
  const lifeMs = Date.parse(certificate.validTo) - fixtureTimes.nowMs;
  expect(lifeMs).toBe(certificateLimits.deviceLifeMs);
});

test("a device is given the certificate it has, until less than 120 days of it are left", async () => {
  await using world = await worldWithAuthority();
  await enrolled(world);
  const first = await certificateOf(world);
  const { deviceLifeMs, renewBelowMs } = certificateLimits;

  await world.clock.advance(deviceLifeMs - renewBelowMs - 1);
  expect(await certificateOf(world)).toBe(first);

  await world.clock.advance(1);
  const second = await certificateOf(world);
  expect(new X509Certificate(second).serialNumber).not.toBe(
    new X509Certificate(first).serialNumber,
  );
});

test("each certificate is in the audit log, and one that is given again is not", async () => {
  await using world = await worldWithAuthority();
  await enrolled(world);
  const { serialNumber } = new X509Certificate(await certificateOf(world));

  const { events } = await world.audit.page(0, 100);

  const issued = events.filter(({ action }) => action === "certificate.issued");
  expect(issued).toMatchObject([{ actor: "device:cam-0017", subject: "device:cam-0017" }]);
  expect(issued[0]?.detail).toContain(serialNumber.toLowerCase());
});

test("every certificate of a revoked key is on the list until it ends, and no other", async () => {
  await using world = await worldWithAuthority();
  await enrolled(world);
  await enrolled(world, "cam-0018");
  const first = new X509Certificate(await certificateOf(world)).serialNumber.toLowerCase();
  await world.clock.advance(300 * dayMs);
  const second = new X509Certificate(await certificateOf(world)).serialNumber.toLowerCase();
  const other = new X509Certificate(
    await new FetchCertificate(world).run(DeviceId.parse("cam-0018")),
  );
  expect(await revokedSerials(world)).not.toContain(second);

  await world.revokeDevice.run(cam, {}, localPrincipal);

  expect(await revokedSerials(world)).toContain(first);
  expect(await revokedSerials(world)).toContain(second);
  expect(await revokedSerials(world)).not.toContain(other.serialNumber.toLowerCase());
  expect((await new ShowClientTrust(world).run()).revokedDevices).toEqual([cam]);
  await expect(certificateOf(world)).rejects.toMatchObject({ code: "DEVICE_REVOKED" });
  await world.clock.advance(65 * dayMs);
  expect(await revokedSerials(world)).not.toContain(first);
  expect(await revokedSerials(world)).toContain(second);
});

test("without an authority there is no certificate and no list", async () => {
  await using world = await controllerWorld();
  await enrolled(world);

  await expect(certificateOf(world)).rejects.toMatchObject({ code: "NO_AUTHORITY" });
  await expect(new ShowClientTrust(world).run()).rejects.toMatchObject({ code: "NO_AUTHORITY" });
});

test("an authority others may read, or that does not fit its key, is refused by name", async () => {
  await using folder = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  await openIn(folder.path);
  await openIn(elsewhere.path);
  const key = folder.inside("ca.key");

  await chmod(key, 0o640);
  await expect(openIn(folder.path)).rejects.toMatchObject({ code: "KEY_INVALID" });
  await chmod(key, 0o600);

  const mine = await readFile(key);
  await copyFile(elsewhere.inside("ca.key"), key);
  await expect(openIn(folder.path)).rejects.toMatchObject({ code: "KEY_INVALID" });
  await writeFile(key, "nothing");
  await expect(openIn(folder.path)).rejects.toMatchObject({ code: "KEY_INVALID" });
  await rm(key);
  await expect(openIn(folder.path)).rejects.toMatchObject({ code: "KEY_INVALID" });

  await writeFile(key, mine, { mode: 0o600 });
  await expect(openIn(folder.path)).resolves.toBeDefined();
});

test("a key whose certificate was never written is of an attempt that broke off", async () => {
  await using folder = await temporaryFolder();
  const { pem } = await openIn(folder.path);
  await rm(folder.inside("ca.pem"));

  expect((await openIn(folder.path)).pem).not.toBe(pem);
});
