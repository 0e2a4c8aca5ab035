import type { Eligibility, RefusalCode, VerifyCode } from "@modelfleet/protocol";
import type { Failure } from "./failure.ts";

const refusalCodes: Readonly<Partial<Record<VerifyCode, RefusalCode>>> = {
  DIGEST: "DIGEST",
  FLOOR: "FLOOR",
  REVOKED: "REVOKED",
  CLASS: "INCOMPATIBLE_TARGET",
  FORMAT: "FORMAT",
  SIZE: "FORMAT",
};

/** What an untrusted release is called in a report; whatever is wrong with who signed it is SIGNATURE. */
export function refusalOfVerify(code: VerifyCode): RefusalCode {
  return refusalCodes[code] ?? "SIGNATURE";
}

/** The first reason decides the code; the detail names all of them. */
export function refusalOfEligibility(decision: Eligibility): Failure | null {
  const [first] = decision.reasons;
  if (decision.eligible || first === undefined) return null;
  const detail = decision.reasons
    .map(({ code, need, have }) => `${code}: expected ${need}, got ${have}`)
    .join("; ");
  return { code: codeOf(first.code), detail };
}

function codeOf(code: Eligibility["reasons"][number]["code"]): RefusalCode {
  if (code.startsWith("RUNTIME_") || code === "EP_UNPROVEN") return "UNSUPPORTED_RUNTIME";
  if (code === "OPSET" || code === "IR") return "UNSUPPORTED_OPSET";
  if (code === "RAM") return "INSUFFICIENT_MEMORY";
  if (code === "DISK") return "NO_SPACE";
  if (code === "IO_SCHEMA") return "INCOMPATIBLE_SIGNATURE";
  return code === "FORMAT" ? "FORMAT" : "INCOMPATIBLE_TARGET";
}
