import {
  mainSlot,
  type RefusalCode,
  type ReleaseReference,
  type ReportItem,
} from "@modelfleet/protocol";

/** What a device makes of one release. */
export type Conduct =
  | { readonly kind: "confirm" }
  | { readonly kind: "refuse"; readonly code: RefusalCode; readonly detail?: string }
  /** Says so much and then nothing more. */
  | { readonly kind: "stop-after"; readonly step: ReportItem["step"] }
  /** Says confirmed and serves what it served before. */
  | { readonly kind: "lie" }
  | { readonly kind: "roll-back" };

/** One report of an installation, and what has happened to the slot when it is made. */
export interface CourseStep {
  readonly items: readonly ReportItem[];
  readonly outcome:
    | { readonly do: "go-on" }
    | { readonly do: "try" }
    | { readonly do: "serve" }
    | { readonly do: "stay" }
    | { readonly do: "give-up"; readonly code: RefusalCode; readonly detail: string };
}

const goOn = { do: "go-on" } as const;
const UNSAID = "as its conduct wants it";

/**
 * The reports of one installation, in order.
 *
 * @param isHere the release lies on the device already: nothing is fetched
 */
export function courseOf(
  conduct: Conduct,
  named: ReleaseReference,
  isHere = false,
): readonly CourseStep[] {
  const said = (...steps: readonly ReportItem["step"][]) =>
    steps.map((step) => itemOf(named, step));
  const fetched: readonly CourseStep[] = isHere
    ? [{ items: said("accepted"), outcome: goOn }]
    : [
        { items: said("accepted", "downloading"), outcome: goOn },
        { items: said("downloaded"), outcome: goOn },
      ];
  const tried = { items: said("loading", "golden", "activated"), outcome: { do: "try" } } as const;
  switch (conduct.kind) {
    case "confirm":
      return [...fetched, tried, { items: said("confirmed"), outcome: { do: "serve" } }];
    case "lie":
      return [...fetched, tried, { items: said("confirmed"), outcome: { do: "stay" } }];
    case "refuse": {
      const { code, detail = UNSAID } = conduct;
      const items = [itemOf(named, "refused", { code, detail })];
      return [...fetched, { items, outcome: { do: "give-up", code, detail } }];
    }
    case "roll-back": {
      const why = { code: "ROLLED_BACK", detail: UNSAID } as const;
      const items = [itemOf(named, "rolled-back", { code: why.code })];
      return [...fetched, tried, { items, outcome: { do: "give-up", ...why } }];
    }
    case "stop-after":
      return until([...fetched, tried], conduct.step);
  }
}

/** The course up to a step and no further. */
function until(course: readonly CourseStep[], last: ReportItem["step"]): readonly CourseStep[] {
  const kept: CourseStep[] = [];
  for (const { items, outcome } of course) {
    const at = items.findIndex(({ step }) => step === last);
    if (at >= 0) return [...kept, { items: items.slice(0, at + 1), outcome }];
    kept.push({ items, outcome });
  }
  return kept;
}

export function itemOf(
  { release, model, version }: ReleaseReference,
  step: ReportItem["step"],
  why: Pick<ReportItem, "code" | "detail"> = {},
): ReportItem {
  return { slot: mainSlot, release, model, version, step, ...why };
}
