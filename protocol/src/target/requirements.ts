import type { TensorSpec } from "../model/tensor-spec.ts";
import type { ReleaseDocument } from "../trust/release-document.ts";
import type { VersionRange } from "./version-range.ts";

/** A release's inputs and outputs, as applications see them. */
export type ReleaseIo = {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
};

/** One form of a release that a device may take; a release orders them by preference. */
export type Variant = {
  readonly format: string;
  readonly runtime: { readonly family: string; readonly range: VersionRange };
  /** Null where the publisher's scan could not tell, or the format has no such number. */
  readonly opset: number | null;
  readonly ir: number | null;
  /** The execution provider it needs; null: any. */
  readonly provider: string | null;
  readonly memoryMiBMin: number;
  /** What runs in its place may be stopped for it: then what is available now says nothing. */
  readonly mayReplace?: true;
  /** Still to be fetched and stored. */
  readonly sizeBytes: number;
};

/** What a release needs of a device (targets.md 1.4: required). */
export type Requirements = {
  readonly classes: readonly string[];
  readonly protocolMin: number;
  readonly agentMin: string | null;
  readonly io: ReleaseIo;
  readonly variants: readonly Variant[];
};

/**
 * The needs that a signed release document states.
 *
 * @param bytesPresent bytes of its files that the device already holds, so that going back to a release it kept is not refused for disk space
 */
export function requirementsOf(document: ReleaseDocument, bytesPresent = 0): Requirements {
  const totalBytes = document.files.reduce((sum, file) => sum + file.size, 0);
  const [family = "", least = ""] = document.compat.runtime.split(">=");
  return {
    classes: document.compat.classes,
    protocolMin: document.spec,
    agentMin: null,
    io: document.io,
    variants: [
      {
        format: document.format,
        runtime: { family, range: `>=${least}` },
        opset: document.compat.opset ?? null,
        ir: document.compat.ir ?? null,
        provider: null,
        memoryMiBMin: document.compat.minMemoryMiB,
        ...(document.swap?.memory === "resource" ? { mayReplace: true } : {}),
        sizeBytes: Math.max(0, totalBytes - bytesPresent),
      },
    ],
  };
}
