import {
  type DeviceFacts,
  decideEligibility,
  declaredFor,
  type ReleaseDocument,
  requirementsOf,
  targetCatalog,
} from "@modelfleet/protocol";
import type { Failure } from "./failure.ts";
import { refusalOfEligibility } from "./refusal-of.ts";

/**
 * Why this device may not take a release; null when it may. The same decision the controller makes before it deploys.
 *
 * @param bytesPresent bytes of its files that are on disk already
 */
export function admit(
  document: ReleaseDocument,
  facts: DeviceFacts,
  bytesPresent: number,
): Failure | null {
  const declared = declaredFor(targetCatalog, facts);
  return refusalOfEligibility(
    decideEligibility(declared, facts, requirementsOf(document, bytesPresent)),
  );
}
