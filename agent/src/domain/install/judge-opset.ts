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

/** Why no runtime of this device takes a release of this operator set or format version; null when one does. */
export function judgeOpset(document: ReleaseDocument, facts: DeviceFacts): Failure | null {
  const declared = declaredFor(targetCatalog, facts);
  const { reasons } = decideEligibility(declared, facts, requirementsOf(document));
  const ofOpset = reasons.filter(({ code }) => code === "OPSET" || code === "IR");
  return refusalOfEligibility({ eligible: ofOpset.length === 0, variant: null, reasons: ofOpset });
}
