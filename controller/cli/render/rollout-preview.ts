import type { RolloutPreview } from "@modelfleet/protocol";
import { mebibytes } from "./progress.ts";
import { table } from "./table.ts";

const NAMES_SHOWN = 4;

/** What a rollout would do: of whom it is, who gets it and who does not, in which steps, and what is odd about it. */
export function renderPreview(release: string, preview: RolloutPreview): string {
  const rows = [
    ["eligible", preview.eligible, ""] as const,
    ["already there", preview.alreadyInstalled, ""] as const,
    ...preview.incompatible.map(
      (group) => [`refused ${group.code}`, group, needOf(group)] as const,
    ),
    ["held (pinned)", preview.pinned, ""] as const,
    ["offline now", preview.offline, ""] as const,
    ["control", preview.control, ""] as const,
  ];
  return [
    `${release} for ${preview.devices} ${preview.devices === 1 ? "device" : "devices"}; nothing has changed`,
    "",
    table(
      ["what", "count", "devices", ""],
      rows
        .filter(([what, { count }]) => count > 0 || what === "eligible")
        .map(([what, group, more]) => [what, String(group.count), namesOf(group), more]),
    ),
    "",
    table(
      ["stage", "adds", "devices", ""],
      preview.stages.map(({ stage, name, devices, sample, strata }) => [
        name === null ? String(stage + 1) : `${stage + 1} ${name}`,
        String(devices),
        namesOf({ count: devices, devices: sample }),
        strataOf(strata),
      ]),
    ),
    "",
    `downloads at most ${mebibytes(preview.downloadBytes)}; its rate and bake times alone take ${spanText(preview.durationMsMin)}`,
    ...preview.conflicts.map(conflictOf),
    ...preview.warnings.map(
      ({ code, pointer, detail }) =>
        `warning: ${[`${code} ${pointer.slice(1)}`.trimEnd(), detail].filter((part) => part !== "").join(": ")}`,
    ),
  ].join("\n");
}

function needOf({ reason }: RolloutPreview["incompatible"][number]): string {
  return `need ${reason.need} have ${reason.have}`;
}

function namesOf({ count, devices }: RolloutPreview["eligible"]): string {
  const shown = devices.slice(0, NAMES_SHOWN);
  return count > shown.length && count > 0 ? `${shown.join(" ")} …` : shown.join(" ");
}

/** Like `cam-v2/plant-a 18, cam-v3/plant-a 2`; a label that is not there is `-`. */
function strataOf(strata: RolloutPreview["stages"][number]["strata"]): string {
  const shown = strata
    .slice(0, NAMES_SHOWN)
    .map(({ values, devices }) => `${values.map((value) => value ?? "-").join("/")} ${devices}`);
  return `${shown.join(", ")}${strata.length > shown.length ? " …" : ""}`;
}

function conflictOf({
  rollout,
  priority,
  isPreempted,
  devices,
}: RolloutPreview["conflicts"][number]): string {
  const what = `rollout ${rollout} (priority ${priority}) has ${devices} of these devices`;
  return isPreempted
    ? `takes over: ${what}, and loses those that have not begun to serve`
    : `conflict: ${what}; this one would be refused`;
}

function spanText(ms: number): string {
  if (ms < 1_000) return "no time worth naming";
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
