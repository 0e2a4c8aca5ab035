import { modelDigest, ReleaseDocument, type Sha256, sha256 } from "@modelfleet/protocol";
import { payloadDigest, releaseDocument, signDocument } from "../trust-fixtures.ts";
import type { ChainKeys, rootChain } from "./root-chain.ts";
import type { steeredSource } from "./steered-source.ts";

export type PublishOptions = {
  readonly securityVersion?: number;
  readonly bytes?: number;
  /** Of the release document. */
  readonly changes?: object;
};

/** What the fleet's people put at a source: releases and roots, signed by the chain's newest keys. */
export function publisher(
  source: ReturnType<typeof steeredSource>,
  chain: ReturnType<typeof rootChain>,
) {
  function offer(document: ReleaseDocument): Sha256 {
    const envelope = signDocument(document, [chain.keys().release]);
    const release = payloadDigest(envelope);
    source.releases.set(release, envelope);
    return release;
  }

  function publish(version: string, options: PublishOptions = {}): Sha256 {
    const { securityVersion = 1, bytes = 3_000, changes = {} } = options;
    const content = Buffer.alloc(bytes, version);
    const digest = sha256(content);
    const files = ReleaseDocument.shape.files.parse([
      { path: "model.onnx", size: content.length, sha256: digest },
    ]);
    source.blobs.set(digest, content);
    return offer(
      releaseDocument({
        ...{ model: "digits", version, securityVersion, files, digest: modelDigest(files) },
        ...{ selfTest: undefined, ...changes },
      }),
    );
  }

  return {
    publish,
    /** What no publisher's tool would sign. */
    publishUnchecked: (version: string, changes: object): Sha256 =>
      offer({
        ...releaseDocument({ model: "digits", version, selfTest: undefined }),
        ...changes,
      }),
    rotate: (keys: Partial<ChainKeys> = {}, changes: object = {}): Uint8Array => {
      const bytes = chain.next(keys, changes);
      source.roots.set(chain.version(), bytes);
      return bytes;
    },
  };
}
