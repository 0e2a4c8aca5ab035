import type { DeviceFacts } from "./facts.ts";
import { type Reason, reason } from "./reason.ts";
import type { Variant } from "./requirements.ts";
import { findKnownBad, type RuntimeFile, runtimeCeiling, runtimeFloor } from "./runtime-file.ts";
import type { Target } from "./target-file.ts";
import { satisfiesRange } from "./version-range.ts";

type Device = {
  readonly target: Target;
  readonly runtimes: readonly RuntimeFile[];
  readonly reported: DeviceFacts;
};
type Found = DeviceFacts["runtimes"][number];
type Candidate = {
  readonly found: Found;
  readonly file: RuntimeFile;
  readonly allowed: Target["runtimes"][number];
};

/** What keeps every runtime of the device from loading a variant; of several, what is wrong with the one preferred. */
export function checkRuntime(device: Device, variant: Variant): readonly Reason[] {
  const candidates = candidatesOf(device);
  const readers = candidates.filter(({ file }) => file.formats.includes(variant.format));
  if (candidates.length > 0 && readers.length === 0) {
    const formats = candidates.flatMap(({ file }) => file.formats);
    return [reason("FORMAT", variant.format, [...new Set(formats)].join(", "))];
  }
  const verdicts = readers
    .filter(({ file }) => file.family === variant.runtime.family)
    .map((candidate) => checkCandidate(candidate, device, variant));
  const { family, range } = variant.runtime;
  const have = device.reported.runtimes.map(({ id, version }) => `${id} ${version}`).join(", ");
  const none = [reason("RUNTIME_MISSING", `${family} ${range}`, have || "no runtime")];
  return verdicts.find((reasons) => reasons.length === 0) ?? verdicts[0] ?? none;
}

/** Runtimes that the device reports and its target allows, in the target's order. */
function candidatesOf({ target, runtimes, reported }: Device): readonly Candidate[] {
  return target.runtimes.flatMap((allowed) => {
    const found = reported.runtimes.find(({ id }) => id === allowed.id);
    const file = runtimes.find(({ id }) => id === allowed.id);
    return found && file ? [{ found, file, allowed }] : [];
  });
}

/** The known-bad rules come first: "crashes there" tells more than "not in the range". */
function checkCandidate(
  candidate: Candidate,
  { target, reported }: Device,
  variant: Variant,
): readonly Reason[] {
  const { found, file, allowed } = candidate;
  const have = `${found.id} ${found.version}`;
  const symptom = knownSymptom(candidate, target, reported);
  if (symptom !== undefined) {
    return [
      reason("RUNTIME_KNOWN_BAD", `a version of ${file.id} that works here`, `${have}: ${symptom}`),
    ];
  }
  for (const range of [variant.runtime.range, allowed.range]) {
    if (satisfiesRange(found.version, range)) continue;
    return [reason("RUNTIME_MISSING", `${file.family} ${range}`, have)];
  }
  return [...checkCeilings(found, file, variant), ...checkProvider(candidate, variant)];
}

function knownSymptom(
  { found, file }: Candidate,
  target: Target,
  reported: DeviceFacts,
): string | undefined {
  const declaredCore = target.platform.cpu?.core;
  const cores = reported.coreTypes?.length
    ? reported.coreTypes
    : declaredCore === undefined
      ? []
      : [declaredCore];
  const issue = target.knownIssues.find(
    ({ runtime, range, effect }) =>
      effect === "refuse" && runtime === found.id && satisfiesRange(found.version, range),
  );
  const rule = findKnownBad(file, found.version, { arch: reported.arch, cores });
  return issue?.symptom ?? rule?.symptom;
}

/** A device that reports 0 has not measured: then what the version is known to accept counts. */
function checkCeilings(found: Found, file: RuntimeFile, variant: Variant): readonly Reason[] {
  const floor = runtimeFloor(file, found.version);
  const ceiling = runtimeCeiling(file, found.version);
  const opsetMax = lower(found.opsetMax || floor.opsetMax, ceiling.opsetMax);
  const irMax = lower(found.irMax || floor.irMax, ceiling.irMax);
  return [
    ...checkCeiling("OPSET", variant.opset, opsetMax),
    ...checkCeiling("IR", variant.ir, irMax),
  ];
}

function lower(proven: number | null, declared: number | null): number | null {
  return proven === null || declared === null ? proven : Math.min(proven, declared);
}

function checkCeiling(
  code: "OPSET" | "IR",
  need: number | null,
  have: number | null,
): readonly Reason[] {
  if (need === null || (have !== null && need <= have)) return [];
  const name = code === "OPSET" ? "opset" : "IR version";
  return [reason(code, `${name} ${need}`, have === null ? "unknown" : `${name} ${have} at most`)];
}

/** Never the declared side alone: a provider counts once a session has run with it on the device. */
function checkProvider({ found, allowed }: Candidate, { provider }: Variant): readonly Reason[] {
  if (provider === null) return [];
  if (found.providers.includes(provider) && allowed.providers.includes(provider)) return [];
  const have = found.providers.join(", ") || "none proven";
  return [reason("EP_UNPROVEN", `${provider} proven on the device`, have)];
}
