import {
  documentLimits,
  encodeBase64,
  encodePayload,
  formatTimestamp,
  keyIdOf,
  payloadTypes,
  RootDocument,
  type Signer,
  signEnvelope,
} from "@modelfleet/protocol";

export interface DevSigners {
  readonly root: Signer;
  readonly release: Signer;
  readonly online: Signer;
}

/** The first root of a fleet for trying things out: each role has one key, and the root signs itself. */
export function devRoot(
  signers: DevSigners,
  { fleet, nowMs }: { readonly fleet: string; readonly nowMs: number },
): Uint8Array {
  const { root, release, online } = signers;
  const rule = (signer: Signer) => ({ keyids: [keyIdOf(signer.publicKey)], threshold: 1 });
  const document = RootDocument.parse({
    type: "root",
    spec: 1,
    fleet,
    version: 1,
    issuedAt: formatTimestamp(nowMs),
    expires: formatTimestamp(nowMs + documentLimits.rootLifeMsDefault),
    keys: Object.fromEntries(
      [root, release, online].map(({ publicKey }) => [
        keyIdOf(publicKey),
        { alg: "ed25519", public: encodeBase64(publicKey) },
      ]),
    ),
    roles: {
      root: rule(root),
      release: [{ name: "default", models: ["*"], ...rule(release) }],
      online: rule(online),
    },
    revokedReleases: [],
  });
  return signEnvelope(payloadTypes.root, encodePayload(document), [root]);
}
