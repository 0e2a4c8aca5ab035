import { DeviceId, type RefusalCode } from "@modelfleet/protocol";
import type { Random } from "../random.ts";

/** What a device makes of a release; the same however often the controller is killed. */
export type BusConduct =
  | { readonly kind: "confirm" }
  /** Loses its connection in the middle of the installation. */
  | { readonly kind: "away"; readonly awayMs: number }
  /** Refuses each attempt up to this one. */
  | { readonly kind: "refuse"; readonly code: RefusalCode; readonly untilAttempt: number }
  /** Serves it on probation, and goes back by itself. */
  | { readonly kind: "fall-back" }
  /** Gets stuck after the download where the rollout is to be taken back; otherwise it confirms. */
  | { readonly kind: "stall" };

export interface PlannedDevice {
  readonly id: DeviceId;
  /** 1 to 3: the stage it belongs to, by its label. */
  readonly wave: number;
  readonly conduct: BusConduct;
}

const confirm: BusConduct = { kind: "confirm" };
const awayMsMin = 200;
const awayMsMax = 900;
const always = Number.MAX_SAFE_INTEGER;
const refuse = { kind: "refuse", code: "FORMAT", untilAttempt: always } as const;
const flaky = { kind: "refuse", code: "LOAD_TIMEOUT", untilAttempt: 1 } as const;
const broken = { kind: "refuse", code: "LOAD_TIMEOUT", untilAttempt: always } as const;
const fallBack = { kind: "fall-back" } as const;
const stall = { kind: "stall" } as const;

/**
 * 36 devices in three waves. In each wave a stage of this plan is passed only when every device is confirmed that ever
 * will be (`rolloutPlan`), so that no end depends on who was faster.
 */
export function plannedFleet(random: Random): readonly PlannedDevice[] {
  const away = (): BusConduct => ({
    kind: "away",
    awayMs: awayMsMin + random.below(awayMsMax - awayMsMin),
  });
  const waves: readonly (readonly BusConduct[])[] = [
    [confirm, confirm, confirm, flaky, away(), refuse],
    [...Array.from({ length: 6 }, () => confirm), flaky, flaky, away(), away(), fallBack, stall],
    [
      ...Array.from({ length: 8 }, () => confirm),
      ...[flaky, flaky, flaky, away(), away(), away()],
      ...[refuse, broken, broken, fallBack],
    ],
  ];
  return waves
    .flatMap((conducts, index) =>
      random.shuffled(conducts).map((conduct) => ({ wave: index + 1, conduct })),
    )
    .map((device, number) => ({
      ...device,
      id: DeviceId.parse(`cam-${String(number).padStart(2, "0")}`),
    }));
}

/** 5 of 6, then 10 of 12 and a person, then the rest. */
export const rolloutPlan = {
  stages: [
    { size: { devices: 6 }, filter: "wave==1", thresholds: stageThresholds(83) },
    { size: { devices: 12 }, filter: "wave==2", thresholds: stageThresholds(83), review: true },
    { size: { percent: 100 }, thresholds: stageThresholds(60) },
  ],
  inFlightMax: 8,
  retries: { attemptsMax: 2, backoffMs: 100, backoffMsMax: 400 },
};

function stageThresholds(successPercent: number) {
  return { successPercent, errorPercent: 50 };
}
