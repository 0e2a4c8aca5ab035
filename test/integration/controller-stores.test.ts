import {
  DeviceId,
  digest8,
  ModelName,
  mainSlot,
  ReleaseVersion,
  type Sha256,
  sha256,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase, type Stores } from "../../controller/src/adapters/sql/open-database.ts";
import type { EnrolmentRecord } from "../../controller/src/ports/fleet-store.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
import { gatewayFacts } from "../support/controller/simulated-device.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { releaseDocument, seedSigner } from "../support/trust-fixtures.ts";

const cam = DeviceId.parse("cam-0017");
const cam2 = DeviceId.parse("cam-0018");
const secretSha256 = sha256(Buffer.from("secret"));
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const claim = {
  ...{ id: "c0ffee00", secret: "s", class: "cam-v2", uses: 1, used: 0 },
  ...{ createdAtMs: 1, expiresAtMs: 100, labels: { site: "a" } },
  ...{ device: null, needsApproval: false, revokedAtMs: null },
};
let messages = 0;
const enrolment = (changes: Partial<EnrolmentRecord> = {}): EnrolmentRecord => ({
  id: cam,
  publicKey: seedSigner("cam").publicKey,
  class: "cam-v2",
  labels: { site: "a" },
  claimId: claim.id,
  messageSha256: sha256(bytes(`message ${messages++}`)),
  ...{ isForThisName: false, needsApproval: false },
  secretSha256,
  atMs: 5,
  ...changes,
});
const release = (version: string, content = version) => {
  const document = releaseDocument({ version, createdAt: "2026-11-21T08:00:00Z" });
  return {
    release: sha256(bytes(content)),
    document,
    envelope: bytes(`envelope ${content}`),
    publishedAtMs: 7,
    approval: { state: "not-needed" } as const,
  };
};
const replacement = (expectedSeq: number) => ({
  ...{ expectedSeq, seq: expectedSeq + 1, envelope: bytes("signed"), issuedAtMs: 9 },
});
const deployment = (id: string, digest: Sha256) => ({
  ...{ id, release: digest, slot: mainSlot, target: { all: true } as const, createdAtMs: 11 },
  model: ModelName.parse("vision.defects"),
  version: ReleaseVersion.parse("1.0.0"),
  approval: { state: "not-needed" } as const,
  requester: null,
  ineligible: [],
});
const assignment = (id: string, digest: Sha256, expectedSeq: number) => ({
  ...replacement(expectedSeq),
  device: cam,
  entry: {
    ...{ slot: mainSlot, release: digest, envelopeSize: 99, deployment: id },
    model: ModelName.parse("vision.defects"),
    version: ReleaseVersion.parse("1.0.0"),
  },
});

const kinds = [
  ["in memory", () => ":memory:"],
  ["in a file", (folder: TemporaryFolder) => folder.inside("fleet.db")],
] as const;

let folder: TemporaryFolder;
let stores: Stores;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const openAt = async (place: (folder: TemporaryFolder) => string) => {
  stores = await openDatabase(place(folder));
  await stores.fleet.addClaim(claim, auditEntry());
};
const addRelease = async (version: string) => {
  const record = release(version);
  expect(await stores.releases.add(record, auditEntry())).toBeUndefined();
  return record;
};

describe.each(kinds)("claims and devices %s", (_kind, place) => {
  beforeEach(() => openAt(place));
  afterEach(() => stores[Symbol.asyncDispose]());

  test("keep a claim as it was given, and forget secrets of those that are over", async () => {
    await stores.fleet.addClaim(
      { ...claim, id: "later000", createdAtMs: 2, expiresAtMs: 101 },
      auditEntry(),
    );
    expect(await stores.fleet.claim(claim.id)).toEqual(claim);

    await stores.fleet.forgetClaimSecrets(101, auditEntry);

    expect((await stores.fleet.claims()).map(({ id, secret }) => [id, secret])).toEqual([
      ["later000", "s"],
      [claim.id, null],
    ]);
    expect(await stores.fleet.claim("nothing0")).toBeUndefined();
  });

  test("enrol a key once for a use, again for none, and nobody when the uses are taken", async () => {
    expect(await stores.fleet.enrol(enrolment(), auditEntry)).toBe("enrolled");
    expect(await stores.fleet.enrol(enrolment(), auditEntry)).toBe("again");
    const { publicKey } = seedSigner("other");

    expect(await stores.fleet.enrol(enrolment({ publicKey }), auditEntry)).toBe("device-taken");
    expect(await stores.fleet.enrol(enrolment({ id: cam2, publicKey }), auditEntry)).toBe(
      "claim-used",
    );

    expect((await stores.fleet.claim(claim.id))?.used).toBe(1);
    expect(await stores.fleet.devices()).toHaveLength(1);
    expect(await stores.fleet.secretOf(cam)).toBe(secretSha256);
    expect(await stores.fleet.secretOf(cam2)).toBeUndefined();
  });

  test("find a device by its key, and give back what it said", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);
    const hello = {
      ...{ boot: 3, era: 0, issuedAtMs: 20, atMs: 21, agentVersion: "0.1.0", reportedSeq: 4 },
      reports: 0,
      facts: gatewayFacts,
      slots: [],
    };

    await stores.fleet.recordHello(cam, hello);
    const enrolled = (await stores.fleet.device(cam))?.labels ?? {};
    const change = { before: enrolled, after: { line: "3" } };
    expect(await stores.fleet.setLabels(cam, change, auditEntry())).toBe(true);
    expect(await stores.fleet.setLabels(cam, change, auditEntry())).toBe(false);

    const device = await stores.fleet.deviceByKey(seedSigner("cam").publicKey);
    expect(device).toEqual({
      ...{ id: cam, class: "cam-v2", labels: { line: "3" }, enrolledAtMs: 5, claimId: claim.id },
      publicKey: seedSigner("cam").publicKey,
      ...{ state: "active", revokedAtMs: null, revokeReason: null },
      ...{ online: false, lastSeenAtMs: 21, era: 0, boot: 3, helloAtMs: 20, agentVersion: "0.1.0" },
      ...{ facts: gatewayFacts, slots: [], reportedSeq: 4 },
      desired: { seq: 0, envelope: null, issuedAtMs: null, slots: [] },
    });
    expect(await stores.fleet.deviceByKey(seedSigner("other").publicKey)).toBeUndefined();
    expect(await stores.fleet.device(cam2)).toBeUndefined();
  });

  test("replace a desired document only under the sequence that was read", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);

    expect(await stores.fleet.replaceDesired(cam, replacement(0))).toBe(true);
    expect(await stores.fleet.replaceDesired(cam, replacement(0))).toBe(false);

    const device = await stores.fleet.device(cam);
    expect(device?.desired).toMatchObject({ seq: 1, envelope: bytes("signed"), issuedAtMs: 9 });
  });
});

describe.each(kinds)("deployments, reports, releases and telemetry %s", (_kind, place) => {
  beforeEach(() => openAt(place));
  afterEach(() => stores[Symbol.asyncDispose]());

  test("store a deployment with its documents, or nothing when one sequence has moved", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);
    const { release: digest } = await addRelease("1.0.0");
    const first = deployment("d1", digest);

    expect(await stores.deployments.add(first, [assignment("d1", digest, 0)], auditEntry())).toBe(
      true,
    );
    expect(
      await stores.deployments.add(
        deployment("d2", digest),
        [assignment("d2", digest, 0)],
        auditEntry(),
      ),
    ).toBe(false);

    expect(await stores.deployments.byId("d2")).toBeUndefined();
    expect((await stores.deployments.list(10)).map(({ id }) => id)).toEqual(["d1"]);
    expect(await stores.deployments.byId("d1")).toMatchObject({
      target: { all: true },
      devices: [{ device: cam, seq: 1, reasons: [], step: null, code: null, detail: null }],
    });
    expect((await stores.fleet.device(cam))?.desired.slots).toEqual([
      assignment("d1", digest, 0).entry,
    ]);
  });

  test("apply a report once and only when it is newer", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);
    const report = async (boot: number, seq: number) => {
      const { kind } = await stores.fleet.recordReport(cam, {
        ...{ boot, seq, atMs: 30, reportedSeq: 1, items: [], slots: [], dropped: 0 },
      });
      return kind;
    };

    expect(await report(1, 5)).toBe("stored");
    expect(await report(1, 5)).toBe("duplicate");
    expect(await report(1, 4)).toBe("duplicate");
    expect(await report(1, 6)).toBe("stored");
    expect(await report(2, 0)).toBe("stored");
    expect(await report(1, 7)).toBe("duplicate");
  });

  test("hold one release a version, and find it by digest, prefix and version", async () => {
    const record = await addRelease("1.0.0");

    expect(await stores.releases.add(release("1.0.0", "other"), auditEntry())).toEqual(record);
    expect(await stores.releases.add(record, auditEntry())).toEqual(record);

    const { model, version } = record.document;
    expect(await stores.releases.byDigest(record.release)).toEqual(record);
    expect(await stores.releases.byDigest8(digest8(record.release))).toEqual(record);
    expect(await stores.releases.byVersion(model, version)).toEqual(record);
    expect(await stores.releases.byDigest(sha256(bytes("other")))).toBeUndefined();
    expect(await stores.releases.byDigest8(digest8(sha256(bytes("other"))))).toBeUndefined();
    const files = record.document.files.map((file) => file.sha256);
    expect(await stores.releases.blobs()).toEqual(new Set(files));
  });

  test("count a telemetry batch once for each era of its device", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);
    const releasePrefix = digest8(sha256(bytes("r")));
    const window = { slot: "main", releasePrefix, startMs: 50, durationMs: 5, bytes: bytes("w") };
    const batch = {
      ...{ device: cam, era: 0, boot: 1, seq: 0, dropped: 0, receivedAtMs: 60 },
      windows: [window, { ...window, startMs: 40 }],
    };

    expect(await stores.telemetry.add(batch)).toBe("stored");
    expect(await stores.telemetry.add(batch)).toBe("duplicate");
    expect(await stores.telemetry.add({ ...batch, era: 1, windows: [] })).toBe("stored");

    const [newest, older] = await stores.telemetry.windows({ releasePrefix }, 10, null);
    const place = { startMs: 50, device: cam, era: 0, boot: 1, seq: 0, position: 0 };
    expect([newest, older?.startMs]).toEqual([{ ...window, device: cam, place }, 40]);
    expect(await stores.telemetry.windows({ releasePrefix }, 10, place)).toEqual([older]);
    expect(await stores.telemetry.windows({ releasePrefix, untilMs: 40 }, 9, null)).toEqual([]);
    expect(await stores.telemetry.releasePrefixes()).toEqual([releasePrefix]);
  });

  test("take many writes at once, each whole", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);
    const seqs = Array.from({ length: 50 }, (_, seq) => seq);

    const outcomes = await Promise.all(
      seqs.map((seq) =>
        stores.telemetry.add({
          ...{ device: cam, era: 0, boot: 1, seq: seq % 25, dropped: 0, receivedAtMs: 60 },
          windows: [],
        }),
      ),
    );

    expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(25);
  });
});

describe("writes that share a commit", () => {
  beforeEach(() => openAt(() => ":memory:"));
  afterEach(() => stores[Symbol.asyncDispose]());

  test("fail alone: those round a wrong one are stored", async () => {
    await stores.fleet.enrol(enrolment(), auditEntry);
    const add = (device: DeviceId, seq: number) =>
      stores.telemetry.add({
        ...{ device, era: 0, boot: 1, seq, dropped: 0, receivedAtMs: 60 },
        windows: [],
      });

    const outcomes = await Promise.allSettled([
      add(cam, 0),
      add(cam2, 1),
      add(cam, 2),
      add(cam, 2),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(await add(cam, 0)).toBe("duplicate");
    expect(await add(cam, 2)).toBe("duplicate");
    expect(await add(cam, 3)).toBe("stored");
  });
});
