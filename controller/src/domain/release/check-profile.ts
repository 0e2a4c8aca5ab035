import type { ReferenceProfile, ReleaseDocument } from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";

/**
 * Whether every feature and output of the profile is taken from a tensor this model has.
 *
 * @throws PublishError PROFILE
 */
export function checkProfile(profile: ReferenceProfile, io: ReleaseDocument["io"]): void {
  const inputs = io.inputs.map((spec) => spec.name);
  const outputs = io.outputs.map((spec) => spec.name);
  for (const { name, source } of profile.features) {
    if (!inputs.includes(source.tensor) && !outputs.includes(source.tensor)) {
      throw refused(`feature ${name}`, source.tensor, [...inputs, ...outputs]);
    }
  }
  for (const { name, source } of profile.outputs) {
    if (!outputs.includes(source.tensor)) throw refused(`output ${name}`, source.tensor, outputs);
  }
}

function refused(what: string, got: string, names: readonly string[]): PublishError {
  return new PublishError(
    "PROFILE",
    `profile, ${what}: expected a tensor of the model (${names.join(", ")}), got ${got}`,
  );
}
