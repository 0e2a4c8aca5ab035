import type { RolloutRecord } from "../rollout.ts";
import type { SelectorFields, SelectorSubject, SelectorValue } from "./selector.ts";

/** What of a rollout a filter may ask. */
export type FilteredRollout = Pick<
  RolloutRecord,
  "state" | "paused" | "model" | "modelVersion" | "plan" | "createdBy"
>;

type Read = (rollout: FilteredRollout) => SelectorValue | undefined;

const fields: Readonly<Record<string, { readonly kind: "text" | "number"; readonly read: Read }>> =
  {
    state: { kind: "text", read: ({ state }) => state },
    paused: { kind: "text", read: ({ paused }) => paused ?? undefined },
    model: { kind: "text", read: ({ model }) => model },
    version: { kind: "text", read: ({ modelVersion }) => modelVersion },
    slot: { kind: "text", read: ({ plan }) => plan.slot },
    name: { kind: "text", read: ({ plan }) => plan.name },
    priority: { kind: "number", read: ({ plan }) => plan.priority },
    createdBy: { kind: "text", read: ({ createdBy }) => createdBy },
  };

/** What the filter of a list of rollouts may ask. */
export const rolloutFields: SelectorFields = {
  names: Object.keys(fields).join(", "),
  kindOf: (field) => (Object.hasOwn(fields, field) ? fields[field]?.kind : undefined),
};

/** A rollout as a filter sees it. */
export function rolloutSubject(rollout: FilteredRollout): SelectorSubject {
  return (field) => (Object.hasOwn(fields, field) ? fields[field]?.read(rollout) : undefined);
}
