import {
  decodeEnvelope,
  type ReleaseDocument,
  ReleaseManifest,
  ReleasePath,
  type Signer,
  sha256,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assembleUpload } from "../../controller/src/app/release/assemble-upload.ts";
import { PublishRelease } from "../../controller/src/app/release/publish-release.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import {
  goldenFile,
  jsonBytes,
  smallManifest,
  smallModel,
  uploadOf,
} from "../support/controller/upload.ts";
import {
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  rootDocument,
  seedSigner,
  signDocument,
} from "../support/trust-fixtures.ts";

const files = { "model.onnx": smallModel, "golden.json": jsonBytes(goldenFile()) };
const day = 86_400_000;
let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** The document of the ordinary release, made where its key is. */
function documentOf(changes: object = {}): ReleaseDocument {
  const staged = Object.entries(files).map(([name, bytes]) => {
    const path = ReleasePath.parse(name);
    const readAt = (offset: number, length: number) => bytes.subarray(offset, offset + length);
    return [
      name,
      { path, blob: { sha256: sha256(bytes), sizeBytes: bytes.length, readAt } },
    ] as const;
  });
  const document = assembleUpload({
    manifest: ReleaseManifest.parse(smallManifest),
    files: new Map(staged),
    fleet: fleetRoot().document.fleet,
    nowMs: fixtureTimes.nowMs - day,
  });
  return { ...document, ...changes };
}

const signed = (changes: object = {}, signers: readonly Signer[] = [fleetKeys.release]) =>
  signDocument(documentOf(changes), signers);
const publish = (envelope: Uint8Array, others: object = {}) =>
  world.publish.run(uploadOf({ envelope, ...files, ...others }), localPrincipal);

describe("a release that was signed elsewhere", () => {
  test("is kept exactly as it was signed, by a controller without a release key", async () => {
    const envelope = signed();
    const noKey = (): never => {
      throw new RangeError("expected no release key to be asked for");
    };
    const keyless = new PublishRelease({ ...world, keys: { ...world.keys, release: noKey } });

    const upload = uploadOf({ envelope, ...files });
    const { release, created } = await keyless.run(upload, localPrincipal);

    expect(created).toBe(true);
    expect(release.release).toBe(sha256(decodeEnvelope(envelope).payload));
    expect(release.document).toEqual(documentOf());
    expect(await world.readEnvelope.run(release.release)).toEqual(envelope);
  });

  test("is there already when it is published again", async () => {
    const { release } = await publish(signed());

    expect(await publish(signed())).toEqual({ release, created: false });
  });

  test("is refused with other files, one more, or one less", async () => {
    const golden = jsonBytes(goldenFile({ name: "another" }));
    const { code, message } = await refused(publish(signed(), { "golden.json": golden }));
    expect(code).toBe("FILES");
    expect(message).toContain("golden.json");
    expect(await refused(publish(signed(), { "extra.txt": golden }))).toMatchObject({
      code: "FILES",
    });
    const fewer = uploadOf({ envelope: signed(), "model.onnx": smallModel });
    expect(await refused(world.publish.run(fewer, localPrincipal))).toMatchObject({
      code: "FILES",
    });
    expect(await world.listReleases.run()).toEqual([]);
  });

  test("is refused when it promises other inputs than the scan finds", async () => {
    const { io } = documentOf();
    const [input] = io.inputs;
    const wider = { ...io, inputs: [{ ...input, shape: [-1, 8] }] };

    expect(await refused(publish(signed({ io: wider })))).toMatchObject({ code: "MODEL_FORMAT" });
  });
});

describe("an envelope is refused before its files are taken", () => {
  afterEach(async () => {
    expect(await world.listReleases.run()).toEqual([]);
  });

  test("when nobody who may has signed it", async () => {
    for (const signers of [[], [fleetKeys.online], [seedSigner("stranger")]]) {
      const { code, message } = await refused(publish(signed({}, signers)));
      expect(code).toBe("ENVELOPE");
      expect(message).toContain("SIGNATURE");
    }
  });

  test("when it is of another fleet, or no release", async () => {
    const fleet = "00000000-8a2d-4a54-9c0e-3b5a1f0d2c11";
    expect((await refused(publish(signed({ fleet })))).message).toContain("FLEET");
    const root = signDocument(rootDocument(), fleetKeys.root);
    expect(await refused(publish(root))).toMatchObject({ code: "ENVELOPE" });
    expect(await refused(publish(new Uint8Array([1])))).toMatchObject({ code: "ENVELOPE" });
  });

  test("when the root revokes it", async () => {
    const envelope = signed();
    const digest = sha256(decodeEnvelope(envelope).payload);
    const next = rootDocument({ version: 2, revokedReleases: [digest] });
    await world.keys.adoptRoot(signDocument(next, fleetKeys.root));

    expect((await refused(publish(envelope))).message).toContain("REVOKED");
  });
});

test("a version that was revoked is not published again by the same content", async () => {
  const { release } = await published(world);
  const next = rootDocument({ version: 2, revokedReleases: [release] });
  await world.keys.adoptRoot(signDocument(next, fleetKeys.root));

  const { code, message } = await refused(published(world));

  expect(code).toBe("CONFLICT");
  expect(message).toContain("raise the version");
});
