import * as z from "zod";
import { TargetId } from "./target-file.ts";
import { compareVersions, satisfiesRange, VersionRange } from "./version-range.ts";

const Short = z.string().min(1).max(200);
const Arch = z.enum(["x64", "arm64", "arm"]);

/** The highest operator set and IR version that a session of this very version accepted; null where the format has none or it was not tried. */
export const MeasuredCeiling = z.strictObject({
  version: z.string().max(32),
  opsetMax: z.int().min(1).nullable(),
  irMax: z.int().min(1).nullable(),
});

/** Versions of a runtime that fail somewhere, and how it shows. */
export const KnownBad = z.strictObject({
  range: VersionRange,
  arch: z.array(Arch).min(1),
  /** CPU cores it was seen on; absent: every core of the architecture. */
  cores: z.array(Short).min(1).optional(),
  symptom: Short,
  /** The versions it was really seen with; the range may be wider, to be on the safe side. */
  measured: z.array(z.string().max(32)),
  refs: z.array(Short).min(1),
});

/** `firmware-targets/runtimes/<id>.json`: one inference runtime, as an npm package. */
export const RuntimeFile = z.strictObject({
  $schema: z.string().optional(),
  schema: z.literal(1),
  id: TargetId,
  /** What a release asks for: `onnxruntime>=1.20` is met by every runtime of that family. */
  family: z.string().regex(/^[a-z]+$/, "expected lowercase letters"),
  formats: z.array(Short).min(1),
  /** Where its files load; empty: everywhere. */
  platforms: z.array(
    z.strictObject({ os: z.literal("linux"), arch: Arch, glibcMin: z.string().max(32) }),
  ),
  providers: z.array(Short).min(1),
  measured: z.array(MeasuredCeiling),
  knownBad: z.array(KnownBad),
  /** Resident memory over the bare process, as a multiple of the model file's size. */
  memory: z
    .strictObject({
      steadyFactor: z.number(),
      peakFactor: z.number(),
      swapPeakFactor: z.number(),
      note: Short,
    })
    .optional(),
  notes: z.array(Short).default([]),
});
export type RuntimeFile = z.infer<typeof RuntimeFile>;

/** Highest operator set and IR version; null where nothing is known of them. */
export type RuntimeCeiling = { readonly opsetMax: number | null; readonly irMax: number | null };

/**
 * What a version of a runtime accepts at least: the measurement of the latest version not above it,
 * for a runtime still reads what its earlier versions read. Null where nothing was measured.
 */
export function runtimeFloor(runtime: RuntimeFile, version: string): RuntimeCeiling {
  const below = runtime.measured.filter((entry) => compareVersions(entry.version, version) <= 0);
  below.sort((left, right) => compareVersions(right.version, left.version));
  return below[0] ?? { opsetMax: null, irMax: null };
}

/** The measurement of exactly this version, which nothing the device says can raise. */
export function runtimeCeiling(runtime: RuntimeFile, version: string): RuntimeCeiling {
  const exact = runtime.measured.find((entry) => compareVersions(entry.version, version) === 0);
  return exact ?? { opsetMax: null, irMax: null };
}

/** The rule that forbids this version there. A device that does not name its cores is taken to have the bad ones. */
export function findKnownBad(
  runtime: RuntimeFile,
  version: string,
  cpu: { readonly arch: string; readonly cores: readonly string[] },
): z.infer<typeof KnownBad> | undefined {
  return runtime.knownBad.find(
    (rule) =>
      rule.arch.some((arch) => arch === cpu.arch) &&
      satisfiesRange(version, rule.range) &&
      (rule.cores === undefined ||
        cpu.cores.length === 0 ||
        cpu.cores.some((core) => rule.cores?.includes(core) === true)),
  );
}
