import { permits, type Wish } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { AccessError } from "../../domain/errors.ts";

/** @throws AccessError NOT_PERMITTED naming the right that is missing */
export function requireRight(caller: Principal, wish: Wish): void {
  if (!permits(caller, wish)) throw notPermitted(caller, wish);
}

export function notPermitted({ id }: Principal, { action, model, labels }: Wish): AccessError {
  const over = [
    ...(model === undefined ? [] : [`model ${model}`]),
    ...(labels === undefined ? [] : [`devices labelled ${labelsText(labels)}`]),
  ].join(" and ");
  return new AccessError(
    "NOT_PERMITTED",
    `expected a grant of ${action}${over === "" ? "" : ` over ${over}`}, ${id} has none: ask an admin for a key with that role`,
  );
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "with nothing" : pairs.join(", ");
}
