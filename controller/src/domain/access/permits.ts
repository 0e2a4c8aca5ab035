import type { Grant, Labels, ModelName } from "@modelfleet/protocol";
import { matchesLabels } from "../fleet/matches-labels.ts";
import { type Action, actionsOf, isFleetWide } from "./actions.ts";
import type { Principal } from "./principal.ts";

/** What somebody wants to do, and to what. What is left out has no part in it. */
export interface Wish {
  readonly action: Action;
  readonly model?: ModelName;
  /** The labels a device carries, or will carry. */
  readonly labels?: Labels;
}

/**
 * Whether one grant covers role, model and labels together. Rights are never put together out of several grants:
 * a deployer of one site who may read another does not deploy there (CVE-2026-33552).
 */
export function permits({ grants }: Principal, wish: Wish): boolean {
  return grants.some((grant) => covers(grant, wish));
}

function covers(grant: Grant, { action, model, labels }: Wish): boolean {
  if (!actionsOf[grant.role].includes(action)) return false;
  if (isFleetWide(action) && !isUnbounded(grant)) return false;
  if (model !== undefined && !grant.models.some((pattern) => coversModel(pattern, model)))
    return false;
  return labels === undefined || matchesLabels(labels, grant.labels);
}

/**
 * Whether somebody may hand out these grants: each of them must lie within one grant that lets him make keys.
 * So nobody gives more than he has.
 */
export function mayGive({ grants }: Principal, given: readonly Grant[]): boolean {
  const giving = grants.filter(({ role }) => actionsOf[role].includes("api-key.change"));
  return given.every((one) => giving.some((mine) => contains(mine, one)));
}

function contains(mine: Grant, given: Grant): boolean {
  return (
    actionsOf[given.role].every((action) => actionsOf[mine.role].includes(action)) &&
    given.models.every((model) => mine.models.some((pattern) => coversModel(pattern, model))) &&
    matchesLabels(given.labels, mine.labels)
  );
}

/** @param model a name, or a pattern that must lie within the other */
function coversModel(pattern: string, model: string): boolean {
  if (pattern === "*" || pattern === model) return true;
  // `vision.*` covers `vision.defects` and `vision.cams.*`, and not `vision` or `visionary`.
  return pattern.endsWith(".*") && model.startsWith(pattern.slice(0, -1));
}

function isUnbounded({ models, labels }: Grant): boolean {
  return models.includes("*") && Object.keys(labels).length === 0;
}
