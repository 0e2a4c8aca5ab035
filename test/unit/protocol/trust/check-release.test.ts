import { createHash } from "node:crypto";
import {
  checkRelease,
  type ExpectedRelease,
  ModelName,
  modelDigest,
  ReleaseDocument,
  Sha256,
  sha256,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fleetKeys,
  fleetRoot,
  keyTable,
  payloadDigest,
  refusal,
  releaseDocument,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
  signedRelease,
} from "../../../support/trust-fixtures.ts";

const root = fleetRoot();
const model = ModelName.parse("vision.defects");
const { files } = releaseDocument();

const check = (changes: object, given: Partial<ExpectedRelease> = {}) =>
  checkBytes(signDocument({ ...releaseDocument(), ...changes }, [fleetKeys.release]), given);

describe("a release", () => {
  test("named by the desired document and signed by the release key is accepted", () => {
    const { bytes, sha256: release } = signedRelease();

    const expected = { release, model, deviceClass: "cam-v2", floor: 4, size: bytes.length };
    const document = checkRelease(root, bytes, expected, verify);

    expect(document).toEqual(releaseDocument());
  });

  test.each([
    ["the online key", fleetKeys.online],
    ["a root key", fleetKeys.root[0]],
    ["a stranger", seedSigner("stranger")],
  ])("F13: signed by %s is refused", (_, signer) => {
    expect(checkBytes(signDocument(releaseDocument(), [signer]))).toBe("SIGNATURE");
  });

  test("F14: signed by the key of another rule than the first for its model is refused", () => {
    const vision = seedSigner("vision");
    const rules = [
      { name: "vision", models: ["vision.*"], ...roleRule([vision], 1) },
      { name: "default", models: ["*"], ...roleRule([fleetKeys.release], 1) },
    ];
    const split = fleetRoot({
      keys: keyTable([...fleetKeys.root, fleetKeys.release, fleetKeys.online, vision]),
      roles: { ...rootDocument().roles, release: rules },
    });

    const checkUnder = (signer: typeof vision) => {
      const bytes = signDocument(releaseDocument(), [signer]);
      const expected = { release: payloadDigest(bytes), model, deviceClass: "cam-v2", floor: 0 };
      return refusal(() => checkRelease(split, bytes, expected, verify));
    };

    expect(checkUnder(vision)).toBe("accepted");
    expect(checkUnder(fleetKeys.release)).toBe("SIGNATURE");
  });

  test("F34: that is not the one the desired document names is refused", () => {
    expect(check({}, { release: Sha256.parse("0".repeat(64)) })).toBe("DIGEST");
    expect(check({}, { release: signedRelease({ version: "2.3.1" }).sha256 })).toBe("DIGEST");
  });

  test("of another model or fleet is refused", () => {
    expect(check({}, { model: ModelName.parse("vision.defect") })).toBe("MODEL");
    expect(check({ fleet: "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10" })).toBe("FLEET");
  });

  test("F33: for another class is refused, for every class accepted", () => {
    const compat = { ...releaseDocument().compat, classes: ["*"] };

    expect(check({}, { deviceClass: "cam-v3" })).toBe("CLASS");
    expect(check({ compat }, { deviceClass: "cam-v3" })).toBe("accepted");
  });

  test("F17: at the floor is accepted, below it refused", () => {
    expect(check({ securityVersion: 4 }, { floor: 4 })).toBe("accepted");
    expect(check({ securityVersion: 3 }, { floor: 4 })).toBe("FLOOR");
  });

  test("that the root revokes is refused", () => {
    const { bytes, sha256: release } = signedRelease();
    const revoking = fleetRoot({ revokedReleases: [release] });
    const expected = { release, model, deviceClass: "cam-v2", floor: 0 };

    expect(refusal(() => checkRelease(revoking, bytes, expected, verify))).toBe("REVOKED");
  });
});

describe("a release,", () => {
  test("in an envelope longer or shorter than the desired document says is refused", () => {
    const { length } = signedRelease().bytes;

    expect(check({}, { size: length })).toBe("accepted");
    expect(check({}, { size: length - 1 })).toBe("SIZE");
    expect(check({}, { size: length + 1 })).toBe("SIZE");
  });

  test("may name no self-test, and a drift profile that it lists", () => {
    expect(check({ selfTest: undefined })).toBe("accepted");
    expect(check({ drift: { baseline: "golden.json" } })).toBe("accepted");
  });

  test.each([
    ["spec 2", { spec: 2 }],
    ["an unknown format", { format: "pickle" }],
    ["a runtime nobody can read", { compat: { ...releaseDocument().compat, runtime: "any" } }],
  ])("F33: with %s is refused", (_, changes) => {
    expect(check(changes)).toBe("FORMAT");
  });

  test.each([
    ["no files", { files: [] }],
    ["an entry it does not list", { entry: "other.onnx" }],
    ["a self-test it does not list", { selfTest: { file: "other.json" } }],
    ["a drift profile it does not list", { drift: { baseline: "baseline.json" } }],
    ["a path listed twice", { files: [...files, ...files] }],
    ["paths that differ in case only", withFile("Model.onnx")],
    ["a critical field nobody knows", { critical: ["sandbox"] }],
  ])("with %s is refused", (_, changes) => {
    expect(check(changes)).toBe("FORMAT");
  });

  test.each([
    "../x",
    "/x",
    "a/../../x",
    "a\\x",
    ".",
    "",
    ".hidden",
    "a//b",
    "a\0b",
    "x.",
    "a./b",
    "a/b/c/d/e",
    "é",
    "x".repeat(300),
  ])("with the path %j is refused", (path) => {
    expect(check(withFile(path))).toBe("FORMAT");
  });

  test("with a digest that is not its files' is refused", () => {
    expect(check({ digest: sha256(Buffer.from("other")) })).toBe("DIGEST");
    expect(check({ files: files.slice(0, 1), selfTest: undefined })).toBe("DIGEST");
  });
});

describe("modelDigest", () => {
  test("is SHA-256 over the raw digests, files sorted by path", () => {
    const byPath = new Map(files.map((file) => [file.path as string, file.sha256]));
    const raw = ["golden.json", "model.onnx"].map((path) =>
      Buffer.from(byPath.get(path) ?? "", "hex"),
    );
    const expected = createHash("sha256").update(Buffer.concat(raw)).digest("hex");

    expect(modelDigest(files)).toBe(expected);
    expect(modelDigest(files.toReversed())).toBe(expected);
  });
});

function withFile(path: string): object {
  const more = [...files, { path, size: 1, sha256: sha256(Buffer.from(path)) }];
  const parsed = ReleaseDocument.shape.files.safeParse(more);
  return { files: more, ...(parsed.success ? { digest: modelDigest(parsed.data) } : {}) };
}

function checkBytes(bytes: Uint8Array, given: Partial<ExpectedRelease> = {}): string {
  const release = payloadDigest(bytes);
  const expected = { release, model, deviceClass: "cam-v2", floor: 0, ...given };
  return refusal(() => checkRelease(root, bytes, expected, verify));
}
