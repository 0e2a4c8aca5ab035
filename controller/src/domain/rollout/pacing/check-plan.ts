import type { RolloutPlan } from "@modelfleet/protocol";
import { type PlanFault, PlanInvalid, RolloutError } from "../../errors.ts";
import { parseSelector } from "../selection/parse-selector.ts";

/** What a plan's windows are checked with; a `Calendar` is one. */
export interface PlanCalendar {
  readonly isZone: (zone: string) => boolean;
  readonly cronFault: (cron: string) => string | undefined;
}

/**
 * What the form of a plan does not show: that its parts go together.
 *
 * @throws PlanInvalid naming every place that does not
 */
export function checkPlan(plan: RolloutPlan, calendar: PlanCalendar): void {
  const faults = [
    ...selectorFaults(plan.select, "/select"),
    ...plan.stages.flatMap(({ filter }, stage) =>
      selectorFaults(filter ?? "", `/stages/${stage}/filter`),
    ),
    ...percentFaults(plan),
    ...controlFaults(plan),
    ...nameFaults(plan),
    ...keyFaults(plan),
    ...rateFaults(plan),
    ...timeFaults(plan),
    ...windowFaults(plan, calendar),
  ];
  if (faults.length > 0) throw new PlanInvalid(faults);
}

function selectorFaults(text: string, pointer: string): readonly PlanFault[] {
  try {
    parseSelector(text);
    return [];
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    return [{ pointer, detail: error.message }];
  }
}

/** Shares are cumulative, so each must be more than the one before. */
function percentFaults({ stages }: RolloutPlan): readonly PlanFault[] {
  let before = 0;
  return stages.flatMap(({ size }, stage) => {
    if (!("percent" in size)) return [];
    const floor = before;
    before = Math.max(before, size.percent);
    if (size.percent > floor) return [];
    const detail = `expected more than the ${floor} % of an earlier stage, for shares are cumulative, got ${size.percent} %`;
    return [{ pointer: `/stages/${stage}/size/percent`, detail }];
  });
}

/** The control cohort comes out of what the last stage adds. */
function controlFaults({ control, stages }: RolloutPlan): readonly PlanFault[] {
  const last = stages.at(-1)?.size;
  if (control === undefined || last === undefined) return [];
  if (!("percent" in control) || !("percent" in last)) return [];
  const earlier = stages.slice(0, -1).map(({ size }) => ("percent" in size ? size.percent : 0));
  const added = last.percent - Math.max(0, ...earlier);
  if (control.percent <= added) return [];
  const detail = `expected at most the ${added} % that the last stage adds, got ${control.percent} %`;
  return [{ pointer: "/control/percent", detail }];
}

function nameFaults({ stages }: RolloutPlan): readonly PlanFault[] {
  return stages.flatMap(({ name }, stage) => {
    const first = stages.findIndex((other) => other.name === name);
    if (name === undefined || first === stage) return [];
    const detail = `expected a name of its own, got that of stage ${first + 1}`;
    return [{ pointer: `/stages/${stage}/name`, detail }];
  });
}

function keyFaults({ stratifyBy }: RolloutPlan): readonly PlanFault[] {
  return stratifyBy.flatMap((key, index) =>
    stratifyBy.indexOf(key) === index
      ? []
      : [{ pointer: `/stratifyBy/${index}`, detail: `expected each key once, got ${key} again` }],
  );
}

function rateFaults({ rate }: RolloutPlan): readonly PlanFault[] {
  if (rate === undefined || !("every" in rate) || rate.perMinuteMax >= rate.perMinute) return [];
  const detail = `expected at least the ${rate.perMinute} it begins with, got ${rate.perMinuteMax}`;
  return [{ pointer: "/rate/perMinuteMax", detail }];
}

function timeFaults({ timeouts, retries }: RolloutPlan): readonly PlanFault[] {
  const { offerMs, stepMs, executionMs } = timeouts;
  const { backoffMs, backoffMsMax } = retries;
  return [
    ...tooLong("/timeouts/offerMs", offerMs, ["executionMs", executionMs]),
    ...tooLong("/timeouts/stepMs", stepMs, ["executionMs", executionMs]),
    ...tooLong("/retries/backoffMs", backoffMs, ["backoffMsMax", backoffMsMax]),
  ];
}

function tooLong(
  pointer: string,
  ms: number,
  [bound, boundMs]: readonly [string, number],
): readonly PlanFault[] {
  if (ms <= boundMs) return [];
  return [{ pointer, detail: `expected at most ${bound} (${boundMs} ms), got ${ms} ms` }];
}

function windowFaults({ windows }: RolloutPlan, calendar: PlanCalendar): readonly PlanFault[] {
  return windows.flatMap(({ cron, zone }, index) => {
    const cronFault = calendar.cronFault(cron);
    const isZone = zone === "device" || calendar.isZone(zone);
    return [
      ...(cronFault === undefined
        ? []
        : [{ pointer: `/windows/${index}/cron`, detail: cronFault }]),
      ...(isZone
        ? []
        : [
            {
              pointer: `/windows/${index}/zone`,
              detail: `expected an IANA zone like Europe/Berlin, or device, got "${zone}"`,
            },
          ]),
    ];
  });
}
