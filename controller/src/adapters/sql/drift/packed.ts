import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Counts are mostly small numbers and zeros: a third of their JSON is left. */
export function packed(value: unknown): Uint8Array {
  return new Uint8Array(deflateRawSync(JSON.stringify(value)));
}

/** What this adapter packed itself, as it was. */
export function unpacked(bytes: Uint8Array): unknown {
  return JSON.parse(inflateRawSync(bytes).toString("utf8"));
}
