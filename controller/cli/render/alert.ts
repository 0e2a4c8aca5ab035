import type { Alert, AlertChange, AlertDetail } from "@modelfleet/protocol";
import { plainLine } from "./plain-text.ts";
import { plural } from "./plural.ts";
import { binBars, figure, rateFigure, verdictWords } from "./verdict.ts";

/** Where it stands, and whose it is. */
export function stateText({ state, ackedBy, suppression }: Alert): string {
  if (state === "SUPPRESSED" && suppression !== null) return `${state} (${suppression})`;
  return ackedBy === null ? state : `${state} (${ackedBy})`;
}

export function figuresText({
  signal,
  value,
  limit,
}: Pick<Alert, "signal" | "value" | "limit">): string {
  if (value === null || limit === null) return "";
  return `${rateFigure(signal, value)}, limit ${rateFigure(signal, limit)}`;
}

/** What taking an alert has changed: often less than one thinks. */
export function acknowledgedText(before: Alert, alert: Alert, note: string): string {
  const line = `${alert.id}  ${stateText(alert)}`;
  if (alert.version === before.version) {
    const unwritten = note === "" ? "" : ", and the note was not written down";
    return `${line}: it was yours already; nothing has changed${unwritten}`;
  }
  const from = before.ackedBy === null ? "yours" : `yours, and no longer that of ${before.ackedBy}`;
  if (alert.state !== "SUPPRESSED") return `${line}: ${from}`;
  return `${line}: ${from}; it stays suppressed, for nobody is told of it`;
}

export function renderAlert(alert: AlertDetail): string {
  const newest = alert.changes.findLast(({ evidence }) => evidence !== null);
  return [
    `${alert.id}  ${stateText(alert)}  ${alert.severity}`,
    `release   ${alert.model}@${alert.modelVersion}`,
    `cohort    ${alert.cohort}`,
    `signal    ${alert.signal}`,
    `began     ${time(alert.startedAtMs)}${alert.endedAtMs === null ? "" : `, ended ${time(alert.endedAtMs)}`}`,
    ...(newest === undefined ? [] : evidenceOf(newest)),
    "",
    ...alert.changes.map(changeLine),
    ...nextOf(alert),
  ].join("\n");
}

function evidenceOf({ evidence, culprits, devices, cause }: AlertChange): readonly string[] {
  if (evidence === null) return [];
  const [culprit] = culprits;
  return [
    `verdict   ${verdictWords(evidence)}`,
    ...(culprit === undefined ? [] : [`moved most ${culprit.signal} in ${culprit.cohort}`]),
    ...(cause === null || devices.length === 0 ? [] : [devicesLine(devices, cause)]),
    ...(evidence.kind === "distribution" ? ["", binBars(evidence)] : []),
  ];
}

function devicesLine(
  devices: AlertChange["devices"],
  cause: NonNullable<AlertChange["cause"]>,
): string {
  const names = devices.map(({ device, psi }) => `${device} (PSI ${figure(psi)})`).join(", ");
  const without =
    cause === "devices"
      ? "without them the cohort is as its reference"
      : "and the cohort without them, too";
  return `devices   unlike their peers: ${names}; ${without}`;
}

const notices: Readonly<Record<NonNullable<AlertChange["notice"]>, string>> = {
  fired: "told",
  worse: "told again: it got worse",
  resolved: "told: it is over",
  lost: "told: nothing is heard any more",
};

function changeLine(change: AlertChange): string {
  const { atMs, from, to, notice, by, note, suppression } = change;
  const why = [
    ...(notice === null ? [] : [notices[notice]]),
    ...(by === null ? [] : [`acknowledged by ${by}`]),
    ...(note === null ? [] : [note]),
    ...(suppression === null ? [] : [`not told: ${suppression}${causeText(change)}`]),
  ];
  const states = from === to ? to : `${from} → ${to}`;
  return `${time(atMs)}  ${states}${why.length === 0 ? "" : `  ${why.join(", ")}`}`;
}

/** Whose doing it is that nobody is told. */
function causeText({ suppressedBy: cause }: AlertChange): string {
  if (cause === null) return "";
  const devices = `${cause.devices} of ${plural(cause.ofDevices, "device")}`;
  switch (cause.kind) {
    case "maintenance":
      return ` of ${cause.announcedFor} until ${time(cause.untilMs)}, announced by ${cause.by} (${cause.maintenance}; ${devices}): ${plainLine(cause.reason)}`;
    case "rollout":
      return ` ${cause.rollout} has just come to ${devices}`;
  }
}

function nextOf({ id, state }: Alert): readonly string[] {
  return state === "FIRING" ? ["", `next: modelfleet alert ack ${id} --note TEXT`] : [];
}

function time(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z");
}
