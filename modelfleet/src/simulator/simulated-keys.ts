import { createHash } from "node:crypto";
import type { Keys } from "@modelfleet/controller/embedded";
import {
  ed25519Signer,
  encodeBase64,
  encodePayload,
  formatTimestamp,
  keyIdOf,
  openPinnedRoot,
  payloadTypes,
  RootDocument,
  type Signer,
  sha256,
  signEnvelope,
  verifySignatureNative,
} from "@modelfleet/protocol";

/** A key from a name: the same on every run, and so worth nothing outside of a simulation. */
export function simulatedSigner(name: string): Signer {
  return ed25519Signer(new Uint8Array(createHash("sha256").update(name).digest()));
}

const FLEET = "5197a7ed-0000-4000-8000-000000000000";
const LIFE_MS = 10 * 365 * 24 * 3_600_000;

/** The keys of a fleet that is only simulated: one root key, one for releases, one that signs what devices run. */
export function simulatedKeys(seed: string, nowMs: number): Keys {
  const [rootKey, release, online] = ["root", "release", "online"].map((role) =>
    simulatedSigner(`${seed}/${role}`),
  ) as [Signer, Signer, Signer];
  const document = RootDocument.parse({
    ...{ type: "root", spec: 1, fleet: FLEET, version: 1 },
    issuedAt: formatTimestamp(nowMs),
    expires: formatTimestamp(nowMs + LIFE_MS),
    keys: Object.fromEntries(
      [rootKey, release, online].map(({ publicKey }) => [
        keyIdOf(publicKey),
        { alg: "ed25519", public: encodeBase64(publicKey) },
      ]),
    ),
    roles: {
      root: roleOf(rootKey),
      release: [{ name: "default", models: ["*"], ...roleOf(release) }],
      online: roleOf(online),
    },
    revokedReleases: [],
  });
  const payload = encodePayload(document);
  const bytes = signEnvelope(payloadTypes.root, payload, [rootKey]);
  const root = openPinnedRoot(bytes, sha256(payload), verifySignatureNative);
  return {
    root: () => root,
    rootAt: (version) => (version === 1 ? bytes : undefined),
    adoptRoot: () => Promise.reject(new RangeError("a simulated fleet keeps its root")),
    online: () => online,
    release: () => release,
  };
}

function roleOf({ publicKey }: Signer) {
  return { keyids: [keyIdOf(publicKey)], threshold: 1 };
}
