import { createHash } from "node:crypto";
import { sha256 } from "../../digest.ts";
import { type ModelName, Sha256 } from "../../units.ts";
import { ReleaseDocument, type ReleaseFile } from "../release-document.ts";
import { decodeEnvelope } from "./envelope.ts";
import { openEnvelope } from "./open-envelope.ts";
import { parsePayload } from "./payload.ts";
import { payloadTypes } from "./payload-types.ts";
import { releaseRoleOf, type VerifiedRoot } from "./role-keys.ts";
import { VerifyError } from "./verify-error.ts";
import { type Verifier, verifySignature } from "./verify-signature.ts";

/** What the desired document and the device say the release must be. */
export interface ExpectedRelease {
  /** Digest of the release's payload bytes. */
  readonly release: Sha256;
  readonly model: ModelName;
  readonly deviceClass: string;
  /** Lowest acceptable `securityVersion`. */
  readonly floor: number;
  /** Bytes of the envelope, where a desired document names them. */
  readonly size?: number;
}

/**
 * Whether a release may be installed here (protocol.md 1.4); its files are checked against it as they arrive.
 *
 * @throws VerifyError SIZE, DIGEST, REVOKED, SIGNATURE, FORMAT, FLEET, MODEL, CLASS, FLOOR …
 */
export function checkRelease(
  root: VerifiedRoot,
  bytes: Uint8Array,
  expected: ExpectedRelease,
  verify: Verifier = verifySignature,
): ReleaseDocument {
  // protocol.md 1.4.10: the envelope is as long as the desired document says.
  if (expected.size !== undefined && bytes.length !== expected.size) {
    throw new VerifyError("SIZE", `expected a release of ${expected.size} B, got ${bytes.length}`);
  }
  const digest = sha256(decodeEnvelope(bytes).payload);
  // protocol.md 1.4.1: it is the very release the desired document names.
  if (digest !== expected.release) {
    throw new VerifyError("DIGEST", `expected release ${expected.release}, got ${digest}`);
  }
  // protocol.md 1.4.7: the root's list of revoked releases.
  if (root.document.revokedReleases.includes(digest)) {
    throw new VerifyError("REVOKED", `release ${digest} is revoked by the root`);
  }
  // protocol.md 1.4.2: signed by the rule of that model, never by the online key.
  const role = releaseRoleOf(root, expected.model);
  const { payload } = openEnvelope(bytes, payloadTypes.release, role, verify);
  const release = parsePayload(ReleaseDocument, payload);
  checkMatch(root, release, expected);
  checkFiles(release);
  return release;
}

/**
 * Digest of a model's files: SHA-256 over their raw digests, sorted by path.
 *
 * @see ossf/model-signing-spec spec/v1.0.md 6.5.1
 */
export function modelDigest(files: readonly Pick<ReleaseFile, "path" | "sha256">[]): Sha256 {
  // protocol.md 1.4.9: by code unit, the same on every machine.
  const sorted = files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const hash = createHash("sha256");
  for (const file of sorted) hash.update(Buffer.from(file.sha256, "hex"));
  return Sha256.parse(hash.digest("hex"));
}

function checkMatch(root: VerifiedRoot, release: ReleaseDocument, expected: ExpectedRelease): void {
  // protocol.md 1.4.3: a release belongs to one fleet.
  if (release.fleet !== root.document.fleet) {
    throw new VerifyError("FLEET", `expected fleet ${root.document.fleet}, got ${release.fleet}`);
  }
  // protocol.md 1.4.4: the model it was signed for.
  if (release.model !== expected.model) {
    throw new VerifyError("MODEL", `expected model ${expected.model}, got ${release.model}`);
  }
  // protocol.md 1.4.5: a class it was made for.
  const { classes } = release.compat;
  if (!classes.includes("*") && !classes.includes(expected.deviceClass)) {
    throw new VerifyError("CLASS", `expected a release for class ${expected.deviceClass}`);
  }
  // protocol.md 1.4.6: not below the floor that confirmed releases have set.
  if (release.securityVersion < expected.floor) {
    const got = release.securityVersion;
    throw new VerifyError("FLOOR", `expected securityVersion ≥ ${expected.floor}, got ${got}`);
  }
}

function checkFiles(release: ReleaseDocument): void {
  const paths = release.files.map(({ path }) => path);
  // protocol.md 1.4.8: no two files that a careless file system would take for one.
  if (new Set(paths.map((path) => path.toLowerCase())).size !== paths.length) {
    throw new VerifyError("FORMAT", "files: expected paths that differ in more than case");
  }
  const named = [release.entry, release.selfTest?.file, release.drift?.baseline];
  // protocol.md 1.4.8: only listed files exist.
  if (!named.every((path) => path === undefined || paths.includes(path))) {
    throw new VerifyError("FORMAT", "files: expected entry, selfTest and drift files to be listed");
  }
  const digest = modelDigest(release.files);
  // protocol.md 1.4.9: the digest is that of the listed files.
  if (digest !== release.digest) {
    throw new VerifyError("DIGEST", `digest: expected ${digest}, got ${release.digest}`);
  }
}
