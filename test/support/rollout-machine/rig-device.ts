import type { Execution } from "../../../controller/src/domain/rollout/execution.ts";
import type { Stage, Tally } from "../../../controller/src/domain/rollout/stage.ts";

/** A device of a rig. */
export interface RigDevice {
  readonly stage: number;
  /** Its newest order is to run the release. */
  isTold: boolean;
  isOnline: boolean;
  /** It ran something before. */
  hasPrevious: boolean;
  execution: Execution;
}

/** The stages with what follows from the devices. */
export function talliesOf(
  stages: readonly Stage[],
  devices: readonly RigDevice[],
): readonly Stage[] {
  return stages.map((stage) => {
    const own = devices.filter((device) => device.stage === stage.stage);
    const installed = own.filter(({ execution }) => execution.code === "ALREADY_INSTALLED");
    return { ...stage, counts: { tally: tallyOf(own), alreadyInstalled: installed.length } };
  });
}

function tallyOf(devices: readonly RigDevice[]): Tally {
  const tally: { -readonly [State in keyof Tally]: number } = {};
  for (const { execution } of devices) tally[execution.state] = (tally[execution.state] ?? 0) + 1;
  return tally;
}
