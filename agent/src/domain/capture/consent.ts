import { captureLimits } from "@modelfleet/protocol";

/** What the people of the device allow: every policy, or those they name. */
export interface CaptureConsent {
  readonly policies: "any" | readonly string[];
}

/** @returns null for anything that is not plainly a consent: in doubt nothing is kept */
export function parseConsent(text: string): CaptureConsent | null {
  const found = parsed(text);
  if (typeof found !== "object" || found === null || !("policies" in found)) return null;
  const { policies } = found;
  if (policies === "any") return { policies };
  if (!Array.isArray(policies) || policies.length > captureLimits.consentPoliciesMax) return null;
  const names = policies.filter((name): name is string => typeof name === "string");
  return names.length === policies.length && names.length > 0 ? { policies: names } : null;
}

export function allows(consent: CaptureConsent | null, policy: string): boolean {
  if (consent === null) return false;
  return consent.policies === "any" || consent.policies.includes(policy);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: no consent.
  }
}
