import type { Release } from "@modelfleet/protocol";
import type { ReleaseRecord } from "../../ports/release-store.ts";

export function releaseView({
  release,
  document,
  envelope,
  publishedAtMs,
  approval,
}: ReleaseRecord): Release {
  return { release, document, envelopeSize: envelope.length, publishedAtMs, approval };
}
